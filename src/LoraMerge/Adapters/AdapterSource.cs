using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Where an adapter lies: a folder, or a weight file with its configuration beside it.</summary>
internal sealed class AdapterSource
{
    public const string ConfigName = "adapter_config.json";

    private AdapterSource(string path, InputRoot files)
    {
        Path = path;
        Files = files;
        IsFile = files.IsFile;
        Folder = IsFile ? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))! : path;
        Fields = FindFile([ConfigName]) is string config ? ConfigFields.Read(config) : null;
    }

    /// <summary>As the user wrote it.</summary>
    public string Path { get; }

    /// <summary>The files that count; no other is read.</summary>
    public InputRoot Files { get; }

    /// <summary>Whether it is a weight file, not a folder.</summary>
    public bool IsFile { get; }

    /// <summary>The folder that holds the configuration.</summary>
    public string Folder { get; }

    /// <summary>The configuration; null where there is none.</summary>
    public ConfigFields? Fields { get; }

    /// <exception cref="LoraMergeException">LORA1107, LORA1110, LORA1130, LORA2003, LORA3002.</exception>
    public static AdapterSource Find(string path, FetchedInput? fetched = null) => Of(path, InputListing.OfAdapter(path, 1, fetched));

    /// <summary>The same, of files that are listed already.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA2003, LORA3002.</exception>
    public static AdapterSource Of(string path, InputRoot files) => new(path, files);

    /// <summary>The GGUF file that holds all of it; null where there is none that counts.</summary>
    public string? GgufFile => IsFile ? GgufNames.IsOne(Path) ? Path : null
        : Files.Files.FirstOrDefault(file => GgufNames.IsOne(file.RelativePath)) is InputFile file ? System.IO.Path.Combine(Folder, file.RelativePath) : null;

    /// <summary>The first of some files that count; null where none does.</summary>
    public string? FindFile(IEnumerable<string> names) =>
        names.Select(Files.Find).OfType<InputFile>().Select(file => System.IO.Path.Combine(Folder, file.RelativePath)).FirstOrDefault();

    /// <summary>A file that is in the folder, though nobody reads it; null where it is not.</summary>
    public string? FindUnread(string name) => System.IO.Path.Combine(Folder, name) is var path && File.Exists(path) ? path : null;
}
