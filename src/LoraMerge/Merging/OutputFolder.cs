using LoraMerge.Diagnostics;

namespace LoraMerge.Merging;

/// <summary>A folder that the user named for the merged model.</summary>
/// <remarks>
/// No system replaces a folder that holds files in one step everywhere, so it is done in two renames beside each other: the old model becomes
/// <c>NAME.lora-old</c>, the staged one becomes <c>NAME</c>; then the old one is deleted. A kill between the renames leaves
/// <c>NAME.lora-old</c> without <c>NAME</c>, which the next merge puts back before it starts; a kill after them leaves only rubbish, which it removes.
/// </remarks>
internal sealed class OutputFolder : IModelDestination
{
    /// <summary>The manifest, by which a folder of ours is known.</summary>
    public const string ManifestName = "lora-merge.json";

    private readonly string _path;
    private readonly string _old;
    private bool _isCommitted;

    private OutputFolder(string path)
    {
        _path = path;
        _old = path + ".lora-old";
        StagingFolder = path + ".lora-new";
    }

    /// <inheritdoc/>
    public string StagingFolder { get; }

    /// <summary>Checks the place and makes the staging folder beside it.</summary>
    /// <exception cref="LoraMergeException">LORA1102, LORA1103, LORA1109.</exception>
    public static OutputFolder Create(string path, IEnumerable<string> inputs)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        foreach (string input in inputs)
        {
            if (Overlaps(full, Path.TrimEndingDirectorySeparator(Path.GetFullPath(input))))
                throw Errors.OutputInsideInput(path, input);
        }
        var output = new OutputFolder(full);
        try
        {
            output.Recover();
            if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any() && !File.Exists(Path.Combine(full, ManifestName))))
                throw Errors.OutputNotOurs(path);
            Directory.CreateDirectory(output.StagingFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(path, e);
        }
        return output;
    }

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA1109.</exception>
    public string Commit()
    {
        try
        {
            if (Directory.Exists(_path))
                Directory.Move(_path, _old);
            Directory.Move(StagingFolder, _path);
            _isCommitted = true;
            Delete(_old);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_path, e);
        }
        return _path;
    }

    public void Dispose()
    {
        if (_isCommitted)
            return;
        Delete(StagingFolder);
        if (Directory.Exists(_old) && !Directory.Exists(_path))
            Directory.Move(_old, _path);
    }

    /// <summary>Tidies up after a merge that was killed.</summary>
    private void Recover()
    {
        Delete(StagingFolder);
        if (!Directory.Exists(_old))
            return;
        if (Directory.Exists(_path))
            Delete(_old);
        else
            Directory.Move(_old, _path);
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private static bool Overlaps(string a, string b) => IsSameOrBelow(a, b) || IsSameOrBelow(b, a);

    private static bool IsSameOrBelow(string path, string folder)
    {
        StringComparison comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return path.Equals(folder, comparison) || path.StartsWith(folder + Path.DirectorySeparatorChar, comparison);
    }
}
