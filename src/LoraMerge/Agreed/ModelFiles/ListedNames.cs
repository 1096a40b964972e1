namespace LoraMerge.Agreed.ModelFiles;

/// <summary>The names in a folder of which there is a list, such as a hub's.</summary>
/// <param name="paths">Paths of all files in it, with '/'.</param>
internal sealed class ListedNames(IReadOnlyCollection<string> paths) : IFolderNames
{
    public IReadOnlyList<string> FilesIn(string folder) => [.. Below(folder).Where(rest => !rest.Contains('/'))];

    public IReadOnlyList<string> FoldersIn(string folder) =>
        [.. Below(folder).Where(rest => rest.Contains('/')).Select(rest => rest.Substring(0, rest.IndexOf('/'))).Distinct(StringComparer.Ordinal)];

    private IEnumerable<string> Below(string folder)
    {
        string start = folder.Length == 0 ? "" : folder + "/";
        return paths.Where(path => path.StartsWith(start, StringComparison.Ordinal)).Select(path => path.Substring(start.Length));
    }
}
