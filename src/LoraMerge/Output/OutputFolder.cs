using LoraMerge.Diagnostics;
using LoraMerge.Merging;
using LoraMerge.Safetensors;

namespace LoraMerge.Output;

/// <summary>A folder that the user named for the merged model.</summary>
/// <remarks>
/// The model is staged in <c>NAME.lora-new</c>, beside its place, and changes places with the earlier one when it is whole and on the disk
/// (<see cref="FolderSwap"/>);
/// then the earlier one is deleted. All of that, from the first look to the last file that is deleted, happens under one lock.
/// Whatever a kill or a fault leaves, the next merge knows (<see cref="OwnFiles"/>): it removes rubbish, and puts an earlier model back that lies aside.
/// </remarks>
internal sealed class OutputFolder : IModelDestination
{
    private readonly string _path;
    private readonly string _old;
    private readonly string? _newParent;
    private OutputLock? _lock;
    private FolderSwap? _swap; // from when it is made, unless it is undone
    private OwnFiles? _earlier;
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

    /// <summary>Checks the place, and keeps other merges away from it.</summary>
    /// <exception cref="LoraMergeException">LORA1101 to LORA1103, LORA1109, LORA1110, LORA1140, LORA1141.</exception>
    public static OutputFolder Create(string path, IEnumerable<string> inputs)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal))
            throw Errors.ArgumentInvalid("The output", path, "the path of a folder");
        OutputFolder? output = null;
        try
        {
            output = new OutputFolder(RealPath.Of(path));
            output.ThrowIfOverlaps(inputs);
            ImmovableFolder.ThrowIfMountPoint(output._path);
            output.Lock();
            output.Recover();
            output.ThrowIfNotOurs(path);
            ImmovableFolder.ThrowIfInLowerLayer(output._path, output._old);
            return output;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            output?.Dispose();
            throw Errors.OutputNotWritable(path, e);
        }
        catch
        {
            output?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public void Begin(IEnumerable<string> files) => StagedFolder.Begin(StagingFolder, files);

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">
    /// LORA1103: somebody has put a file into the earlier model, or where the new one was made. LORA1109, LORA1142, LORA5020.
    /// </exception>
    public string Commit()
    {
        try
        {
            StagedFolder.Complete(StagingFolder);
            _swap = FolderSwap.Make(StagingFolder, _path, _old);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_path, e);
        }
        try
        {
            // Nobody finds the earlier model by its path any more: what is in it now is all that there will be.
            _earlier = _swap.Earlier is null ? null : OwnFiles.In(_swap.Earlier);
            if (_earlier?.FindForeign() is string foreign)
                throw Errors.OutputHoldsForeignFile(_path, foreign);
            DiskFlush.OfFolder(Path.GetDirectoryName(_path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LoraMergeException)
        {
            if (!_swap.TryUndo())
                throw Errors.OutputNotSettled(_path, e);
            _swap = null;
            throw e is LoraMergeException ? e : Errors.OutputNotWritable(_path, e);
        }
        _isCommitted = true;
        return _path;
    }

    /// <summary>What cannot be removed now does not matter: the next merge removes it.</summary>
    public void Dispose()
    {
        try
        {
            if (_isCommitted)
                _earlier?.Delete();
            else if (_swap is null && _lock is not null)
                Recover();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LoraMergeException)
        {
        }
        _lock?.Dispose();
        if (!_isCommitted)
            RemoveNewParents();
    }

    private void ThrowIfOverlaps(IEnumerable<string> inputs)
    {
        foreach (string input in inputs)
        {
            string real = RealPath.Of(input);
            foreach (string folder in (string[])[_path, StagingFolder, _old])
            {
                if (RealPath.IsSameOrBelow(folder, real) || RealPath.IsSameOrBelow(real, folder))
                    throw Errors.OutputInsideInput(folder, input);
            }
        }
    }

    private void Lock()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        _lock = OutputLock.Take(_path);
    }

    /// <summary>Tidies up after a merge that was killed, or that failed.</summary>
    private void Recover()
    {
        Remove(StagingFolder);
        if (Presence.OfFolder(_old) && !Presence.OfFolder(_path) && OwnFiles.In(_old).IsWhole)
            Directory.Move(_old, _path);
        else
            Remove(_old);
    }

    private static void Remove(string folder)
    {
        if (!Presence.OfFolder(folder))
            return;
        OwnFiles.In(folder).Delete();
        if (!Presence.OfFolder(folder))
            return;
        throw OwnFiles.In(folder).FindForeign() is string foreign
            ? Errors.StagingHoldsForeignFile(folder, foreign)
            : new IOException($"'{folder}' cannot be deleted: another program has a file in it open.");
    }

    private void ThrowIfNotOurs(string asked)
    {
        if (Presence.OfFile(_path))
            throw Errors.OutputIsFile(asked);
        if (!Presence.OfFolder(_path))
            return;
        OwnFiles own = OwnFiles.In(_path);
        if (own.FindForeign() is string foreign)
            throw own.HasManifest ? Errors.OutputHoldsForeignFile(asked, foreign) : Errors.OutputNotOurs(_path);
    }

    private void RemoveNewParents()
    {
        if (_newParent is null)
            return;
        try
        {
            string? parent = Path.GetDirectoryName(_path);
            for (; parent is not null && RealPath.IsSameOrBelow(parent, _newParent); parent = Path.GetDirectoryName(parent))
                Directory.Delete(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody uses them by now.
        }
    }

    private static string? HighestMissingParent(string path)
    {
        string? missing = null;
        for (string? parent = Path.GetDirectoryName(path); parent is not null && !Presence.OfFolder(parent); parent = Path.GetDirectoryName(parent))
            missing = parent;
        return missing;
    }
}
