using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Merging;

/// <summary>A folder that the user named for the merged model.</summary>
/// <remarks>
/// No system replaces a folder that holds files in one step everywhere, so it is done in two renames beside each other: the old model becomes
/// <c>NAME.lora-old</c>, the staged one becomes <c>NAME</c>; then the old one is deleted. A kill between the renames leaves
/// <c>NAME.lora-old</c> without <c>NAME</c>, which the next merge puts back before it starts; a kill after them leaves only rubbish, which it removes.
/// Only folders that a merge has left are touched: the staging folder is known by its lock file, or by the manifest, which is written last.
/// </remarks>
internal sealed class OutputFolder : IModelDestination
{
    /// <summary>The manifest, by which a folder of ours is known.</summary>
    public const string ManifestName = "lora-merge.json";

    /// <summary>Held open while a merge runs, so that a second one to the same folder is refused; gone when the model moves into its place.</summary>
    private const string LockName = ".lora-merge.lock";

    private readonly string _path;
    private readonly string _old;
    private readonly string? _newParent;
    private FileStream? _lock;
    private bool _isCommitted;

    private OutputFolder(string path)
    {
        _path = path;
        _old = path + ".lora-old";
        StagingFolder = path + ".lora-new";
        _newParent = HighestMissingParent(path);
    }

    /// <inheritdoc/>
    public string StagingFolder { get; }

    /// <summary>Checks the place and makes the staging folder beside it.</summary>
    /// <exception cref="LoraMergeException">LORA1101 to LORA1103, LORA1109.</exception>
    public static OutputFolder Create(string path, IEnumerable<string> inputs)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal))
            throw Errors.ArgumentInvalid("The output", path, "the path of a folder");
        try
        {
            var output = new OutputFolder(RealPath.Of(path));
            output.ThrowIfOverlaps(inputs);
            output.Recover();
            output.ThrowIfNotOurs(path);
            output.Stage();
            return output;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(path, e);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA1109.</exception>
    public string Commit()
    {
        try
        {
            Unlock();
            if (Directory.Exists(_path))
                Directory.Move(_path, _old);
            Directory.Move(StagingFolder, _path);
            _isCommitted = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_path, e);
        }
        return _path;
    }

    /// <summary>What cannot be removed now does not matter: the next merge removes it.</summary>
    public void Dispose()
    {
        try
        {
            if (_isCommitted)
            {
                Delete(_old);
                return;
            }
            Unlock();
            Delete(StagingFolder);
            if (Directory.Exists(_old) && !Directory.Exists(_path))
                Directory.Move(_old, _path);
            RemoveNewParents();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private void ThrowIfOverlaps(IEnumerable<string> inputs)
    {
        foreach (string input in inputs)
        {
            string real = RealPath.Of(input);
            foreach (string folder in (string[])[_path, StagingFolder, _old])
            {
                if (IsSameOrBelow(folder, real) || IsSameOrBelow(real, folder))
                    throw Errors.OutputInsideInput(folder, input);
            }
        }
    }

    /// <summary>Tidies up after a merge that was killed.</summary>
    private void Recover()
    {
        if (Directory.Exists(StagingFolder))
        {
            ThrowIfStillWritten();
            if (!File.Exists(Path.Combine(StagingFolder, LockName)))
                ThrowIfNotMerged(StagingFolder);
            Delete(StagingFolder);
        }
        if (!Directory.Exists(_old))
            return;
        ThrowIfNotMerged(_old);
        if (Directory.Exists(_path))
            Delete(_old);
        else
            Directory.Move(_old, _path);
    }

    private void ThrowIfStillWritten()
    {
        string path = Path.Combine(StagingFolder, LockName);
        if (!File.Exists(path))
            return;
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        }
        catch (IOException)
        {
            throw Errors.OutputIsBeingWritten(_path);
        }
    }

    private void ThrowIfNotOurs(string asked)
    {
        if (File.Exists(_path))
            throw Errors.OutputIsFile(asked);
        if (!Directory.Exists(_path) || !Directory.EnumerateFileSystemEntries(_path).Any())
            return;
        ThrowIfNotMerged(_path);
        if (FindForeignFile(_path) is string foreign)
            throw Errors.OutputHoldsForeignFile(asked, foreign);
    }

    private static void ThrowIfNotMerged(string folder)
    {
        if (Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, ManifestName)))
            throw Errors.OutputNotOurs(folder);
    }

    /// <summary>A file that the manifest does not list, or null. Desktops leave files of theirs everywhere; those are no loss.</summary>
    private static string? FindForeignFile(string folder)
    {
        JsonObject? listed = ReadFiles(Path.Combine(folder, ManifestName));
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(name => name != ManifestName && listed?.ContainsKey(name) != true && Path.GetFileName(name) is not (".DS_Store" or "Thumbs.db" or "desktop.ini"));
    }

    private static JsonObject? ReadFiles(string manifest)
    {
        try
        {
            return JsonFile.Read(manifest, JsonFile.LongestManifest)["files"] as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Stage()
    {
        Directory.CreateDirectory(StagingFolder);
        try
        {
            _lock = new FileStream(Path.Combine(StagingFolder, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (IOException) when (File.Exists(Path.Combine(StagingFolder, LockName)))
        {
            throw Errors.OutputIsBeingWritten(_path);
        }
    }

    private void Unlock()
    {
        _lock?.Dispose();
        _lock = null;
    }

    private void RemoveNewParents()
    {
        if (_newParent is null)
            return;
        for (string? parent = Path.GetDirectoryName(_path); parent is not null && IsSameOrBelow(parent, _newParent); parent = Path.GetDirectoryName(parent))
            Directory.Delete(parent);
    }

    private static string? HighestMissingParent(string path)
    {
        string? missing = null;
        for (string? parent = Path.GetDirectoryName(path); parent is not null && !Directory.Exists(parent); parent = Path.GetDirectoryName(parent))
            missing = parent;
        return missing;
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private static bool IsSameOrBelow(string path, string folder)
    {
        StringComparison comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        string start = Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar;
        return path.Equals(folder, comparison) || path.StartsWith(start, comparison);
    }
}
