using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Reuse;

namespace LoraMerge.Writing;

/// <summary>Carries a plan out: weights, side files and manifest into a staging folder, then into place.</summary>
internal sealed class ModelWriter
{
    private readonly OpenedInputs _inputs;
    private readonly MergePlan _plan;
    private readonly Action<MergeEvent> _report;

    public ModelWriter(OpenedInputs inputs, MergePlan plan, Action<MergeEvent> report)
    {
        _inputs = inputs;
        _plan = plan;
        _report = report;
    }

    /// <summary>About how many bytes a merge holds.</summary>
    public static long MemoryBytes(MergePlan plan, long? maxMemory) => MergePipeline.MemoryBytes(plan, PipelineOptions.BlockElementsFor(maxMemory));

    /// <param name="destination">Where the model goes; committed here.</param>
    /// <param name="known">Hashes of inputs that need not be computed again.</param>
    /// <param name="earlier">What a store has already; null outside of stores.</param>
    /// <param name="cancellation">Stops the merge; the destination stays as it was.</param>
    /// <exception cref="LoraMergeException">LORA1108 to LORA1111, LORA3013, 5xxx.</exception>
    public MergeResult Write(IModelDestination destination, InputHashes known, EarlierModels? earlier, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        MergeRequest request = _inputs.Request;
        destination.Begin([.. _plan.FileNames, MergeManifest.FileName]);
        _report(new MergeEvent.Information($"Merging {string.Join(", ", _inputs.AdapterNames)} into {_inputs.Checkpoint.Name}{(_inputs.Name == _inputs.Checkpoint.Name ? "" : $" as {_inputs.Name}")}"));
        ComputeDevice device = ComputeDevice.Open(request.Device, request.NativesFolder);
        if (device.Note is string note)
            _report(new MergeEvent.Information(note));

        foreach (Shard shard in _inputs.Adapters.SelectMany(adapter => adapter.Weights))
            TensorFiles.ThrowIfDamaged(shard);
        using var adapterFiles = new TensorFiles();
        Recipes? recipes = earlier?.IsAny == true ? new Recipes(request.Device, known.Complete(_inputs.Snapshot.Roots, cancellation), adapterFiles) : null;
        ReusedParts reuse = (recipes is null ? ReusedParts.None(_plan) : earlier!.Find(_plan, recipes)).PlaceIn(destination.StagingFolder);
        ThrowIfDiskTooSmall(reuse.Plan, destination.StagingFolder);
        WrittenWeights weights = WriteWeights(reuse.Plan, device, known, destination.StagingFolder, cancellation);
        var folder = new ModelFolder(destination.StagingFolder);
        folder.Write(_plan, _inputs.Checkpoint.Config);

        ImmutableArray<HashedInput> hashed = weights.Known.Complete(_inputs.Snapshot.Roots, cancellation);
        if (earlier is not null)
            recipes ??= new Recipes(request.Device, hashed, adapterFiles);
        TensorOutcome[] outcomes = [.. weights.Outcomes, .. reuse.Outcomes];
        MergeManifest manifest = ManifestBuilder.Build(
            _inputs, _plan, outcomes, hashed, [.. weights.Hashes, .. reuse.Files.Select(file => KeyValuePair.Create(file.Key, file.Value.Hash)), .. folder.Hashes], recipes);
        InputSnapshot.ThrowIfChanged(hashed);
        reuse.ThrowIfChanged(destination.StagingFolder);
        if (request.Verification != Verification.None)
            manifest = WrittenCheck.Run(destination.StagingFolder, manifest, request.Verification == Verification.Full);
        folder.Write(MergeManifest.FileName, manifest.ToBytes());
        string place = destination.Commit();
        foreach (MergeEvent idle in IdleAdapters.Of(outcomes, _inputs))
            _report(idle);
        _report(new MergeEvent.Information(string.Create(CultureInfo.InvariantCulture,
            $"Merged {_inputs.Name}: {outcomes.Count(outcome => outcome.IsChange)} of {_plan.Tensors.Count()} tensors changed, {Errors.Bytes(_plan.ByteLength)} in {watch.Elapsed.TotalSeconds:0.0} s")));
        return new MergeResult(place, manifest, _plan.ByteLength) { ComputedTensorCount = weights.Outcomes.Count, ReadByteLength = weights.ReadByteLength, WrittenByteLength = weights.WrittenByteLength };
    }

    /// <summary>All files that it reads and writes are closed when it returns.</summary>
    private WrittenWeights WriteWeights(MergePlan plan, ComputeDevice device, InputHashes known, string folder, CancellationToken cancellation)
    {
        // A hash that is known does not tell that the file was ever sound: where it has checksums and is read, it is read whole.
        var read = plan.Tensors.SelectMany(tensor => tensor.Source.Parts).Select(part => part.File).ToHashSet(StringComparer.Ordinal);
        bool IsToBeHashed(Shard shard) => known.Find(shard.File) is null || (!shard.Checksums.IsEmpty && read.Contains(shard.File));
        Shard[] hashed = [.. _inputs.Checkpoint.Shards.Where(IsToBeHashed)];
        using var files = new TensorFiles(hashed);
        using var sink = new ShardSink(plan, folder);
        IReadOnlyList<TensorOutcome> outcomes = new MergePipeline(plan, PipelineOptions.Of(_inputs.Request, device), Progress(plan)).Run(files, sink, cancellation);
        sink.Complete();
        InputHashes hashes = known.With(hashed.Select(shard => KeyValuePair.Create(shard.File, files.HashOf(shard.File))));
        return new WrittenWeights(outcomes, sink.Hashes, hashes, files.ReadByteLength, sink.WrittenByteLength);
    }

    private Action<long> Progress(MergePlan left)
    {
        long total = left.ByteLength;
        long written = 0;
        return bytes => _report(new MergeEvent.Progress(written += bytes, total));
    }

    private static void ThrowIfDiskTooSmall(MergePlan left, string folder)
    {
        long needed = left.ByteLength + left.SideFiles.Sum(file => file.Content?.LongLength ?? ByteLengthOf(file.Source));
        if (FreeSpace(folder) is long free && free < needed)
            throw Errors.DiskSpaceTooSmall(folder, needed, free);
    }

    private static long ByteLengthOf(string input)
    {
        try
        {
            return FileStamp.Of(input).ByteLength;
        }
        catch (FileNotFoundException)
        {
            throw Errors.InputChangedDuringMerge(input);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(input, e);
        }
    }

    /// <summary>Null where the system does not tell, as for Windows' network folders: then writing itself will show.</summary>
    private static long? FreeSpace(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="Outcomes">What was done to each tensor that was computed.</param>
    /// <param name="Hashes">File name and XxHash128 of each file written.</param>
    /// <param name="Known">Hashes of inputs, with those that became known on the way.</param>
    /// <param name="ReadByteLength">Bytes that were read.</param>
    /// <param name="WrittenByteLength">Bytes of tensors that were written.</param>
    private sealed record WrittenWeights(IReadOnlyList<TensorOutcome> Outcomes, IReadOnlyDictionary<string, string> Hashes, InputHashes Known, long ReadByteLength, long WrittenByteLength);
}
