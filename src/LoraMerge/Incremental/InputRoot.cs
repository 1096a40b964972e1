namespace LoraMerge.Incremental;

/// <summary>A base or an adapter with the files of it that decide the result.</summary>
/// <param name="Label"><c>base</c>, <c>adapter1</c>, <c>adapter2</c> …, in the order in which the adapters are applied.</param>
/// <param name="Path">Absolute path of the folder, or of the single weight file.</param>
/// <param name="Files">In ordinal order of their relative paths.</param>
internal sealed record InputRoot(string Label, string Path, IReadOnlyList<InputFile> Files);

/// <summary>A file that decides the result.</summary>
/// <param name="RelativePath">Below the root, with '/'; the file's name where the root is a single file.</param>
/// <param name="FullPath">Absolute path.</param>
/// <param name="Stamp">Taken before the contents are read: a file that changes in between is then noticed by the next build.</param>
internal sealed record InputFile(string RelativePath, string FullPath, FileStamp Stamp);

/// <summary>An input whose contents are known.</summary>
/// <param name="Root">Where the file belongs.</param>
/// <param name="File">The file.</param>
/// <param name="Hash">As <see cref="ContentHash"/> writes it.</param>
internal sealed record HashedInput(InputRoot Root, InputFile File, string Hash);
