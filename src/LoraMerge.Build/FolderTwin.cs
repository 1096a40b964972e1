using System.Text.RegularExpressions;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Build;

/// <summary>
/// A model's folder as it will be, made of hard links beside the one that is there, and exchanged with it in one step. Only where nobody else has
/// anything in the folder.
/// </summary>
/// <param name="folder">Absolute path of the model's folder.</param>
/// <param name="own">Absolute paths of all files in it that belong to the model, to the earlier one, or to the placing.</param>
/// <param name="steps">What is done to files.</param>
internal sealed class FolderTwin(string folder, ISet<string> own, FileSteps steps)
{
    private readonly string _path = NewPath(folder);

    /// <summary>Twins that killed builds left beside a folder.</summary>
    /// <exception cref="IOException">The folder above cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder above cannot be read.</exception>
    public static IEnumerable<string> FindLeft(string folder)
    {
        string parent = Path.GetDirectoryName(folder)!;
        string name = $@"^\.lora-{Regex.Escape(Path.GetFileName(folder))}-[0-9a-f]{{32}}$";
        return Directory.Exists(parent) ? Directory.GetDirectories(parent, ".lora-*").Where(path => Regex.IsMatch(Path.GetFileName(path), name)) : [];
    }

    /// <summary>Deletes those, but for files that are not theirs. Whoever calls it holds the folder's lock.</summary>
    /// <param name="folder">Absolute path of the model's folder.</param>
    /// <param name="own">Absolute paths of files that builds put there.</param>
    /// <param name="steps">What is done to files.</param>
    /// <exception cref="IOException">Something cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">Something may not be deleted.</exception>
    public static void DeleteLeft(string folder, IEnumerable<string> own, FileSteps steps)
    {
        foreach (string left in FindLeft(folder))
        {
            // If it is the earlier model that was left, nothing but its manifest may know its files any more.
            IEnumerable<string> listed = ManifestLines.FilesOf(ManifestOf(left))
                .Select(file => FileNames.PathIn(folder, file));
            Delete(left, folder, new HashSet<string>(own.Concat(listed), InputGuard.Paths), steps);
        }
    }

    /// <summary>Whether nobody else has anything in the folder.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public bool IsPossible() => FolderExchange.IsKnown && Directory.Exists(folder) && !IsLink(new DirectoryInfo(folder)) && IsOwn(folder);

    /// <summary>Gives a file the place in the twin that another one has in the folder.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public void Link(string file, string place)
    {
        string twin = Moved(place, folder, _path);
        steps.CreateFolder(Path.GetDirectoryName(twin)!);
        steps.Link(file, twin);
    }

    /// <param name="unsettled">Why the new folder ought not to be there, where that could not be taken back; else null.</param>
    /// <returns>False where it was not done: then all is as it was.</returns>
    /// <exception cref="IOException">It was not done.</exception>
    /// <exception cref="UnauthorizedAccessException">It was not done.</exception>
    public bool TryExchange(out string? unsettled)
    {
        unsettled = null;
        Flush(_path);
        if (!steps.TryExchange(_path, folder))
            return false;
        try
        {
            // Nobody finds the earlier folder by its path any more: what is in it now is all that there will be.
            if (IsOwn(_path))
            {
                steps.FlushFolder(Path.GetDirectoryName(folder)!);
                return true;
            }
            if (!TryExchangeBack())
                unsettled = $"What another program has put into the folder meanwhile is in '{_path}' now.";
            return unsettled is not null;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            if (TryExchangeBack())
                throw;
            unsettled = FileFault.Reason(fault);
            return true;
        }
    }

    /// <summary>Deletes what is not in the place now: the twin, or the earlier folder.</summary>
    /// <exception cref="IOException">Something cannot be deleted; the next build does it.</exception>
    /// <exception cref="UnauthorizedAccessException">Something may not be deleted.</exception>
    public void Delete()
    {
        if (Directory.Exists(_path))
            Delete(_path, folder, own, steps);
    }

    private void Flush(string path)
    {
        foreach (string subfolder in Directory.GetDirectories(path, "*", SearchOption.AllDirectories))
            steps.FlushFolder(subfolder);
        steps.FlushFolder(path);
    }

    private bool TryExchangeBack()
    {
        try
        {
            return steps.TryExchange(_path, folder);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return false;
        }
    }

    private static string NewPath(string folder) => Path.Combine(Path.GetDirectoryName(folder)!, $".lora-{Path.GetFileName(folder)}-{Guid.NewGuid():N}");

    private static string ManifestOf(string folder) => Path.Combine(folder, PlacedModel.ManifestName);

    /// <summary>The manifest last, by which the rest is known.</summary>
    private static void Delete(string path, string folder, ISet<string> own, FileSteps steps)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(path).GetFileSystemInfos().OrderBy(entry => entry.Name == PlacedModel.ManifestName))
        {
            if (entry is DirectoryInfo below && !IsLink(below))
                Delete(below.FullName, Moved(below.FullName, path, folder), own, steps);
            else if (own.Contains(Moved(entry.FullName, path, folder)) || BesideName.IsOurs(entry.Name))
                steps.Delete(entry.FullName);
        }
        if (!Directory.EnumerateFileSystemEntries(path).Any())
            steps.DeleteFolder(path);
    }

    private static string Moved(string path, string from, string to) => to + path.Substring(from.Length);

    private static bool IsLink(FileSystemInfo entry) => (entry.Attributes & FileAttributes.ReparsePoint) != 0;

    private bool IsOwn(string path) => IsOwn(new DirectoryInfo(path), path);

    private bool IsOwn(DirectoryInfo below, string path) => below.EnumerateFileSystemInfos().All(entry => !IsLink(entry)
        && (entry is DirectoryInfo subfolder ? subfolder.EnumerateFileSystemInfos().Any() && IsOwn(subfolder, path)
            : own.Contains(Moved(entry.FullName, path, folder))));
}
