namespace LoraMerge.Agreed.ModelFiles;

/// <summary>The names in a folder on disk.</summary>
/// <param name="path">The folder.</param>
internal sealed class DiskNames(string path) : IFolderNames
{
    public IReadOnlyList<string> FilesIn(string folder) => [.. Directory.GetFiles(Within(folder)).Select(file => Path.GetFileName(file))];

    public IReadOnlyList<string> FoldersIn(string folder) => [.. Directory.GetDirectories(Within(folder)).Select(subfolder => Path.GetFileName(subfolder))];

    private string Within(string folder) => folder.Length == 0 ? path : FileNames.PathIn(path, folder);
}
