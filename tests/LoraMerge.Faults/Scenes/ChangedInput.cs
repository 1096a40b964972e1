namespace LoraMerge.Faults.Scenes;

/// <summary>An input as it is, and as it may become while it is read.</summary>
/// <param name="Path">Relative path.</param>
/// <param name="NewFile">Absolute path of a file with the new bytes, as many as before.</param>
/// <param name="End">What a clean run makes of the new bytes.</param>
internal sealed record ChangedInput(string Path, string NewFile, FolderState End);
