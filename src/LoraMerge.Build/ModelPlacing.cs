using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Safetensors;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>
/// Puts one model into its place, or takes it away. Whatever happens, the place holds the earlier model, the new one, or none that could be taken for whole.
/// </summary>
/// <remarks>
/// All that is new is made beside the old files first: a full disk, a damaged store and Ctrl+C end there, and nothing has changed. Then the folder is
/// exchanged with one of the new model in one step (<see cref="FolderTwin"/>). Where that cannot be, the old files move aside, the manifest and what an
/// engine opens first before all others, and the new ones move in, these last. A rename that fails, as that of a file that is open on Windows, is undone
/// with all before it. A build that is killed between the two leaves neither manifest nor configuration; the next one sweeps up and places the model
/// again. Only where the disk has no room for both models are the old files deleted first.
/// </remarks>
/// <param name="root">Absolute path of the output or the publish folder.</param>
/// <param name="wanted">Absolute paths of the files of all models of the project.</param>
/// <param name="mayLink">Whether a hard link will do where the file system cannot clone.</param>
/// <param name="takeStaged">Gives the path of a copy that was made for a place while the store was read, or null.</param>
/// <param name="steps">What is done to files.</param>
/// <param name="log">Where it is told.</param>
/// <param name="cancellation">Ends it before anything has changed.</param>
internal sealed class ModelPlacing(
    string root,
    ISet<string> wanted,
    bool mayLink,
    Func<string, string?> takeStaged,
    FileSteps steps,
    Action<MessageImportance, string> log,
    CancellationToken cancellation
)
{
    private readonly BesideName _beside = new();

    /// <summary>The file that is being dealt with.</summary>
    private string _at = "";

    /// <summary>The key of the model that lay in the place before anything was changed there; null where none did, or nothing was.</summary>
    public string? ReplacedKey { get; private set; }

    /// <summary>Whether a model that was to be removed stays, since others put it there.</summary>
    public bool IsLeftToOthers { get; private set; }

    /// <summary>Puts a model into its place, unless it is there.</summary>
    /// <param name="model">The model.</param>
    /// <param name="earlierFiles">What earlier builds put there: what nobody wants any more is taken away.</param>
    /// <returns>What went wrong; null where the model is in its place.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BuildFault? Place(PlacedModel model, IReadOnlyList<string> earlierFiles)
    {
        _at = model.Folder;
        PlacingWork? work = null;
        try
        {
            if (IsInPlace(model, earlierFiles) && !IsLeft(model.Folder))
                return null;
            using FolderLock taken = Lock(model.Folder);
            work = PlacingWork.Of(model, earlierFiles, wanted);
            ReplacedKey = work.Changed.Count > 0 ? KeyIn(model.Folder) : null;
            List<StagedFile> staged = [.. work.Changed.Select(file => FindStaged(file) ?? NewStaged(file))];
            Sweep(work.Left.Except(staged.Select(file => file.Path)));
            SweepBeside(model.Folder, model.Files.Select(file => file.Destination).Concat(earlierFiles));
            return staged.Count + work.Gone.Count > 0 ? Replace(model, staged, work.Gone) : null;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return BuildErrors.NotPlaced(_at, fault);
        }
        finally
        {
            if (work is not null)
                EmptyFolders.Remove(work.Changed.Select(file => file.Destination).Concat(work.Gone), root);
        }
    }

    /// <summary>Deletes the files of a model that nobody asks for any more, the manifest first.</summary>
    /// <param name="folder">Absolute path of the model's folder.</param>
    /// <param name="earlierFiles">Absolute paths of all that earlier builds put there.</param>
    /// <param name="isOthers">Whether a model of this key, which lies there now, was put there by others: then it stays.</param>
    /// <returns>What went wrong; null where they are gone.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BuildFault? Remove(string folder, IReadOnlyList<string> earlierFiles, Func<string, bool> isOthers)
    {
        _at = folder;
        string[] files = [.. earlierFiles.Where(file => !wanted.Contains(file))];
        try
        {
            if (files.Any(Presence.OfAny) || PlacingWork.FindLeft(files).Any() || IsLeft(folder))
            {
                using FolderLock taken = Lock(folder);
                Sweep(PlacingWork.FindLeft(files));
                SweepBeside(folder, earlierFiles);
                IsLeftToOthers = KeyIn(folder) is { } key && isOthers(key);
                if (IsLeftToOthers)
                    log(MessageImportance.Normal, $"The model in '{folder}' is not the one that this project put there, and stays.");
                else
                    Delete(files);
            }
            return null;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return BuildErrors.NotRemoved(folder, _at, fault);
        }
        finally
        {
            EmptyFolders.Remove(files, root);
        }
    }

    /// <summary>
    /// A look without the lock. Another build may move files at that moment, so that one is found and then is not there: what cannot be looked at is looked
    /// at again under the lock, which says what is wrong.
    /// </summary>
    private bool IsInPlace(PlacedModel model, IReadOnlyList<string> earlierFiles)
    {
        try
        {
            return PlacingWork.Of(model, earlierFiles, wanted).IsNone;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return false;
        }
    }

    /// <summary>Whether a build was killed while it placed this model, or does so now.</summary>
    private static bool IsLeft(string folder) => FolderLock.IsThere(folder) || FolderTwin.FindLeft(folder).Any();

    private static string? KeyIn(string folder) => ManifestLines.KeyOf(Path.Combine(folder, PlacedModel.ManifestName));

    private void SweepBeside(string folder, IEnumerable<string> own) =>
        Attempt(() => FolderTwin.DeleteLeft(folder, own, steps), $"What a killed build left beside '{folder}' cannot be deleted");

    private FolderLock Lock(string folder) =>
        steps.Lock(folder, () => log(MessageImportance.High, $"Waiting for another build that writes to '{folder}'."), cancellation);

    /// <summary>What was copied while it was read.</summary>
    private StagedFile? FindStaged(PlacedFile file) =>
        takeStaged(file.Destination) is { } staged && FileStamp.Of(staged) == FileStamp.Of(file.Source) ? new StagedFile(file, staged) { IsMade = true } : null;

    private StagedFile NewStaged(PlacedFile file) => new(file, _beside.OfNew(file.Destination));

    private BuildFault? Replace(PlacedModel model, List<StagedFile> staged, IReadOnlyList<string> gone)
    {
        IOException full;
        try
        {
            foreach (StagedFile file in staged)
                Make(file);
            BuildFault? fault = TryExchange(model, staged, gone, out BuildFault? unsettled) ? unsettled : Swap(model, staged, gone);
            if (fault is null)
            {
                foreach (StagedFile file in staged)
                {
                    string done = file.Kind switch { TwinKind.Clone => "Cloned", TwinKind.Link => "Linked", _ => "Copied" };
                    log(MessageImportance.Low, $"{done} '{file.Place.Source}' to '{file.Place.Destination}'.");
                }
            }
            return fault;
        }
        catch (IOException fault) when (FileFault.IsDiskFull(fault))
        {
            full = fault;
        }
        finally
        {
            Sweep(staged.Select(file => file.Path));
        }
        return HasRoomForOne(model, staged, gone) ? ReplaceOneByOne(model, staged, gone) : BuildErrors.NotPlaced(_at, full);
    }

    private void Make(StagedFile file)
    {
        if (file.IsMade)
            return;
        (string source, string? expected) = (file.Place.Source, file.Place.Hash);
        _at = file.Place.Destination;
        cancellation.ThrowIfCancellationRequested();
        steps.CreateFolder(Path.GetDirectoryName(file.Path)!);
        file.Kind = PlacedModel.IsWeightFile(source) ? steps.TryTwin(source, file.Path, mayLink) : TwinKind.None;
        string? hash = file.Kind == TwinKind.None ? steps.Copy(source, file.Path, cancellation)
            : expected is null ? null
            : ContentHash.OfFile(file.Path, cancellation);
        if (expected is not null && hash != expected)
            throw new DamagedFileException(source, expected, hash!);
        file.IsMade = true;
    }

    /// <summary>All files in one step, where the system can do that.</summary>
    /// <param name="model">The model.</param>
    /// <param name="staged">Its files that are not in place.</param>
    /// <param name="gone">Those of the earlier model that it does not have.</param>
    /// <param name="fault">Why the new model is in its place, but not surely for good; null where all is well or as it was.</param>
    /// <returns>False where it was not done: then nothing has changed.</returns>
    /// <exception cref="DiskFlushException">The same, since the disk did not take it.</exception>
    private bool TryExchange(PlacedModel model, List<StagedFile> staged, IReadOnlyList<string> gone, out BuildFault? fault)
    {
        _at = model.Folder;
        IEnumerable<string> own = model.Files.Select(file => file.Destination).Concat(gone).Concat(staged.Select(file => file.Path));
        var twin = new FolderTwin(model.Folder, new HashSet<string>(own, InputGuard.Paths), steps);
        bool isDone = false;
        string? unsettled = null;
        try
        {
            Attempt(() =>
            {
                if (!twin.IsPossible())
                    return;
                foreach (PlacedFile file in model.Files)
                    twin.Link(staged.Find(one => one.Place == file)?.Path ?? file.Destination, file.Destination);
                isDone = twin.TryExchange(out unsettled);
            }, $"'{model.Folder}' cannot be exchanged in one step");
        }
        finally
        {
            if (unsettled is null) // else the earlier model is all that is surely on the disk
                Attempt(twin.Delete, $"What is left of the exchange of '{model.Folder}' cannot be deleted");
        }
        fault = unsettled is null ? null : BuildErrors.NotSettled(model.Folder, unsettled);
        return isDone;
    }

    /// <summary>
    /// Nothing but renames from here on, and all of them or none. The manifest is the first that goes, and so the last that would be put back.
    /// </summary>
    private BuildFault? Swap(PlacedModel model, List<StagedFile> staged, IReadOnlyList<string> gone)
    {
        var renames = new Renames(steps);
        List<string> aside = [];
        try
        {
            foreach (string file in OldOf(staged, gone))
            {
                _at = file;
                aside.Add(_beside.OfOld(file));
                renames.Add(file, aside.Last());
            }
            foreach (StagedFile file in staged.OrderBy(file => PlacedModel.TurnOf(file.Place.Destination)))
            {
                _at = file.Place.Destination;
                renames.Add(file.Path, file.Place.Destination);
            }
            Flush(model);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return renames.TryUndo() ? BuildErrors.NotPlaced(_at, fault)
                : renames.Count == aside.Count + staged.Count ? BuildErrors.NotSettled(model.Folder, FileFault.Reason(fault))
                : BuildErrors.NotWhole(model.Folder, _at, fault);
        }
        Sweep(aside);
        return null;
    }

    private BuildFault? ReplaceOneByOne(PlacedModel model, List<StagedFile> staged, IReadOnlyList<string> gone)
    {
        bool hasBegun = false;
        // Under new names: half of one may have stayed under an old one.
        List<StagedFile> again = [.. staged.Select(file => NewStaged(file.Place)).OrderBy(file => PlacedModel.TurnOf(file.Place.Destination))];
        try
        {
            foreach (string file in OldOf(staged, gone))
            {
                Delete([file]);
                hasBegun = true;
            }
            foreach (StagedFile file in again)
            {
                Make(file);
                steps.Move(file.Path, file.Place.Destination);
            }
        }
        catch (Exception fault) when (hasBegun && FileFault.Is(fault))
        {
            return BuildErrors.NotWhole(model.Folder, _at, fault);
        }
        finally
        {
            Sweep(again.Select(file => file.Path));
        }
        try
        {
            Flush(model);
            return null;
        }
        catch (IOException fault)
        {
            return BuildErrors.NotSettled(model.Folder, FileFault.Reason(fault));
        }
    }

    /// <summary>Brings the names of the files to the disk, those of folders that were made for them too.</summary>
    private void Flush(PlacedModel model)
    {
        string top = root.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        HashSet<string> folders = [];
        foreach (PlacedFile file in model.Files)
        {
            string folder = Path.GetDirectoryName(file.Destination)!;
            while (folder.Length >= top.Length && folders.Add(folder))
                folder = Path.GetDirectoryName(folder)!;
        }
        foreach (string deepest in folders.OrderByDescending(folder => folder.Length))
        {
            _at = deepest;
            steps.FlushFolder(deepest);
        }
    }

    private void Delete(IEnumerable<string> files)
    {
        foreach (string file in files.Where(Presence.OfAny).OrderByDescending(PlacedModel.TurnOf))
        {
            _at = file;
            steps.Delete(file);
        }
    }

    /// <summary>Deletes what has no use any more. What cannot be deleted now, the next build deletes.</summary>
    private void Sweep(IEnumerable<string> files)
    {
        foreach (string file in files.Where(File.Exists))
            Attempt(() => steps.Delete(file), $"'{file}' cannot be deleted");
    }

    /// <summary>
    /// Does what another way, or the next build, makes up for where it fails; nothing makes up for a disk that does not take what was written.
    /// </summary>
    private void Attempt(Action action, string otherwise)
    {
        try
        {
            action();
        }
        catch (Exception fault) when (FileFault.Is(fault) && fault is not DiskFlushException)
        {
            log(MessageImportance.Low, $"{otherwise}: {fault.Message}");
        }
    }

    private static string[] OldOf(List<StagedFile> staged, IReadOnlyList<string> gone) =>
        [.. staged.Select(file => file.Place.Destination).Concat(gone).Where(Presence.OfAny).OrderByDescending(PlacedModel.TurnOf)];

    private static bool HasRoomForOne(PlacedModel model, List<StagedFile> staged, IReadOnlyList<string> gone)
    {
        try
        {
            long old = OldOf(staged, gone).Sum(file => new FileInfo(file).Length);
            return old > 0 && new DriveInfo(model.Folder).AvailableFreeSpace + old >= staged.Sum(file => FileStamp.Of(file.Place.Source).ByteLength);
        }
        catch (Exception fault) when (fault is ArgumentException || FileFault.Is(fault))
        {
            return false; // the system does not tell
        }
    }
}
