using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Checkpoints;
using LoraMerge.Manifests;

namespace LoraMerge.Output;

/// <summary>Which files of a folder a merge has written: those, and no others, are deleted.</summary>
/// <remarks>
/// They are named by the manifest of a whole model, or by the list that a merge writes into its staging folder before anything else
/// (<see cref="StagedFolder"/>).
/// Both are deleted last, so that a kill on the way leaves what the next merge knows. Links are not followed.
/// </remarks>
internal sealed class OwnFiles
{
    /// <summary>In the order in which they are deleted.</summary>
    private static readonly string[] s_proofs = [MergeManifest.FileName, StagedFolder.ListName];

    /// <summary>What desktops leave in every folder that they show, and NFS in the place of a file that is deleted while it is open: no loss.</summary>
    private static readonly string[] s_litter = [".DS_Store", "Thumbs.db", "desktop.ini", ".nfs*"];

    private readonly string _folder;
    private readonly Entry[] _entries;
    private readonly HashSet<string> _names;
    private readonly HashSet<string> _subfolders;
    private readonly bool _isUnknown; // nothing says that a merge made the folder, and it holds more than litter

    private OwnFiles(string folder, Entry[] entries, HashSet<string> names)
    {
        _folder = folder;
        _entries = entries;
        _names = names;
        _subfolders = names.SelectMany(ParentsOf).ToHashSet(StringComparer.Ordinal);
        _isUnknown = names.Count == 0 && !entries.All(IsLitter);
    }

    /// <summary>Looks at a folder as it is now, and at what it says of itself.</summary>
    /// <param name="folder">It exists.</param>
    /// <param name="alsoNamed">Relative paths that something else names; with the manifest's, those of all files that it lists.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1112, LORA2003: the manifest cannot be read.</exception>
    public static OwnFiles In(string folder, IEnumerable<string>? alsoNamed = null)
    {
        Entry[] entries = [.. Entries(new DirectoryInfo(folder), "")];
        HashSet<string> names = new(alsoNamed ?? [], StringComparer.Ordinal);
        foreach (Entry proof in entries.Where(entry => s_proofs.Contains(entry.Name) && !names.Contains(entry.Name))) // who names it knows all that it names
            names.UnionWith(ReadNames(proof.Info.FullName).Append(proof.Name));
        return new OwnFiles(folder, entries, names);
    }

    /// <summary>Whether there is a manifest.</summary>
    public bool HasManifest => _names.Contains(MergeManifest.FileName);

    /// <summary>Whether every file that the manifest lists is there.</summary>
    public bool IsWhole => HasManifest && _names.IsSubsetOf(_entries.Select(entry => entry.Name));

    /// <summary>A file, or an empty folder, that no merge made; null where there is none.</summary>
    public string? FindForeign() => _entries.Where(IsForeign).OrderBy(IsLitter).ThenBy(entry => entry.Name, StringComparer.Ordinal).FirstOrDefault()?.Name;

    /// <summary>Deletes what a merge made, and the folder where nothing else is in it.</summary>
    /// <exception cref="IOException">Something cannot be deleted; the next merge goes on there.</exception>
    /// <exception cref="UnauthorizedAccessException">Something may not be deleted.</exception>
    public void Delete()
    {
        foreach (Entry file in _entries.Where(entry => !entry.IsFolder && !s_proofs.Contains(entry.Name) && !IsForeign(entry)))
            file.Info.Delete();
        foreach (Entry folder in _entries.Where(entry => entry.IsFolder && _subfolders.Contains(entry.Name)).OrderByDescending(entry => entry.Name.Length))
            DeleteIfEmpty(folder.Info.FullName);
        foreach (Entry proof in _entries.Where(entry => s_proofs.Contains(entry.Name)).OrderBy(entry => Array.IndexOf(s_proofs, entry.Name)))
            proof.Info.Delete();
        DeleteIfEmpty(_folder);
    }

    private static void DeleteIfEmpty(string folder)
    {
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    private bool IsForeign(Entry entry) => entry.IsFolder
        ? !_subfolders.Contains(entry.Name) && !_entries.Any(below => below.Name.StartsWith(entry.Name + "/", StringComparison.Ordinal))
        : !_names.Contains(entry.Name) && (_isUnknown || !IsLitter(entry)) && !IsPartial(entry.Name);

    private static bool IsLitter(Entry entry) => NamePattern.MatchesAny(s_litter, entry.Info.Name);

    /// <summary>What a listed file is called until it is whole.</summary>
    private bool IsPartial(string name) => _names.Contains(StagedFolder.ListName)
        && ((name.EndsWith(".partial", StringComparison.Ordinal) && _names.Contains(name[..^".partial".Length]))
            || (PartialName.TargetOf(name) is string target && _names.Contains(target)));

    private static IEnumerable<Entry> Entries(DirectoryInfo folder, string prefix)
    {
        foreach (FileSystemInfo info in folder.EnumerateFileSystemInfos())
        {
            bool isFolder = info is DirectoryInfo && (info.Attributes & FileAttributes.ReparsePoint) == 0;
            yield return new Entry(prefix + info.Name, info, isFolder);
            if (isFolder)
            {
                foreach (Entry below in Entries((DirectoryInfo)info, prefix + info.Name + "/"))
                    yield return below;
            }
        }
    }

    private static IEnumerable<string> ReadNames(string file)
    {
        try
        {
            return JsonFile.Read(file, JsonFile.LongestManifest)["files"] is JsonObject files ? files.Select(pair => pair.Key) : [];
        }
        catch (JsonException)
        {
            return []; // cut by a kill while it was written, before anything else
        }
    }

    private static IEnumerable<string> ParentsOf(string name)
    {
        for (int end = name.LastIndexOf('/'); end > 0; end = name.LastIndexOf('/', end - 1))
            yield return name[..end];
    }

    /// <param name="Name">Relative path, with '/'.</param>
    /// <param name="Info">Where it is.</param>
    /// <param name="IsFolder">Whether it is a folder, and no link to one.</param>
    private sealed record Entry(string Name, FileSystemInfo Info, bool IsFolder);
}
