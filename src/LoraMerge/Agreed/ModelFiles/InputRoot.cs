namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// A base or an adapter with the files of it that decide the result. Nothing else of it is read, and all of these are part of the model's key.
/// </summary>
/// <param name="Label"><c>base</c>, <c>adapter1</c>, <c>adapter2</c> …, in the order in which the adapters are applied.</param>
/// <param name="Path">Absolute path of the folder, or of the single weight file.</param>
/// <param name="Files">In ordinal order of their relative paths.</param>
internal sealed record InputRoot(string Label, string Path, IReadOnlyList<InputFile> Files)
{
    /// <summary>Whether it is a single weight file, not a folder.</summary>
    public bool IsFile { get; init; }

    /// <summary>What is known of it from the hub; null for what the user laid there.</summary>
    public FetchedInput? Fetched { get; init; }

    /// <summary>How a base's weights lie in its folder.</summary>
    public WeightFiles Weights { get; init; } = new(WeightForm.None, null, []);

    /// <summary>
    /// Files and folders (with '/' at their end) of a base that are no part of a model, as far as it is worth telling; weights under names of their own are
    /// among them. Of an adapter, weights of a whole model in its folder.
    /// </summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>A file by its name in the root's own folder, found as the system would find it; null where it is none of these.</summary>
    public InputFile? Find(string name) =>
        Files.FirstOrDefault(file => file.RelativePath == name) ?? Files.FirstOrDefault(file => file.RelativePath.Equals(name, FileNames.Comparison));

    /// <summary>The same, of files that go beside the weights.</summary>
    public InputFile? FindBeside(string name) => Find(name) is { IsBeside: true } file ? file : null;
}

/// <summary>A file that decides the result.</summary>
/// <param name="RelativePath">Below the root, with '/'; the file's name where the root is a single file.</param>
/// <param name="FullPath">Absolute path.</param>
/// <param name="Stamp">Taken before the contents are read: a file that changes in between is then noticed by the next build.</param>
internal sealed record InputFile(string RelativePath, string FullPath, FileStamp Stamp)
{
    /// <summary>As <see cref="ChangeTime"/> tells it, taken with the stamp.</summary>
    public long ChangedTicks { get; init; }

    /// <summary>Whether it goes beside the weights of the merged model, rather than being made into it.</summary>
    public bool IsBeside { get; init; }

    /// <summary>Its bytes, where it is no file: what a GGUF file, which is the full path then, says of a model as Hugging Face's files say it.</summary>
    public byte[]? Content { get; init; }

    /// <summary>The hash of its contents where it is known without the file, which need not be there; else null.</summary>
    public string? KnownHash { get; init; }
}

/// <summary>An input whose contents are known.</summary>
/// <param name="Root">Where the file belongs.</param>
/// <param name="File">The file.</param>
/// <param name="Hash">XxHash128 of its contents, in 32 hexadecimal digits.</param>
internal sealed record HashedInput(InputRoot Root, InputFile File, string Hash);
