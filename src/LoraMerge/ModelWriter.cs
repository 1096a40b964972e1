using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Incremental;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge;

/// <summary>Carries a plan out: weights, side files and manifest into a staging folder, then into place.</summary>
internal sealed class ModelWriter
{
    private readonly Inputs _inputs;
    private readonly MergePlan _plan;
    private readonly Action<MergeEvent> _report;

    public ModelWriter(Inputs inputs, MergePlan plan, Action<MergeEvent> report)
    {
        _inputs = inputs;
        _plan = plan;
        _report = report;
    }

    /// <summary>About how many bytes a merge holds.</summary>
    public static long MemoryBytes(MergePlan plan, long? maxMemory) => MergePipeline.MemoryBytes(plan, PipelineOptions.BlockElementsFor(maxMemory));

    /// <param name="destination">Where the model goes; committed here.</param>
    /// <param name="known">Hashes of inputs that need not be computed again.</param>
    /// <param name="cancellation">Stops the merge; the destination stays as it was.</param>
    /// <exception cref="LoraMergeException">LORA1108 to LORA1111, LORA3013, 5xxx.</exception>
    public MergeResult Write(IModelDestination destination, InputHashes known, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        MergeRequest request = _inputs.Request;
        _report(new MergeEvent.Information($"Merging {string.Join(", ", _inputs.AdapterNames)} into {_inputs.Checkpoint.Name}"));
        ThrowIfDiskTooSmall(destination.StagingFolder);
        ComputeDevice device = ComputeDevice.Open(request.Device, request.NativesFolder);
        if (device.Note is string note)
            _report(new MergeEvent.Information(note));

        string[] unhashed = [.. _inputs.Checkpoint.Shards.Select(shard => shard.File).Where(file => known.Find(file) is null)];
        using var baseFiles = new TensorFiles(unhashed.ToHashSet(StringComparer.Ordinal));
        using var sink = new ShardSink(_plan, destination.StagingFolder);
        IReadOnlyList<TensorOutcome> outcomes = new MergePipeline(_plan, PipelineOptions.Of(request, device), Progress()).Run(baseFiles, sink, cancellation);
        sink.Complete();
        var folder = new ModelFolder(destination.StagingFolder);
        folder.Write(_plan, _inputs.Checkpoint.Config);

        ImmutableArray<HashedInput> hashed = known
            .With(unhashed.Select(file => KeyValuePair.Create(file, baseFiles.HashOf(file))))
            .Complete(_inputs.Snapshot.Roots, cancellation);
        _inputs.Snapshot.ThrowIfChanged();
        MergeManifest manifest = ManifestBuilder.Build(_inputs, _plan, outcomes, hashed, [.. sink.Hashes, .. folder.Hashes]);
        if (request.Verification != Verification.None)
            manifest = ModelCheck.Run(destination.StagingFolder, manifest, request.Verification == Verification.Full);
        folder.Write(MergeManifest.FileName, manifest.ToBytes());
        string place = destination.Commit();
        _report(new MergeEvent.Information(string.Create(CultureInfo.InvariantCulture,
            $"Merged {_inputs.Name}: {outcomes.Count} of {_plan.Tensors.Count()} tensors changed, {Errors.Bytes(_plan.ByteLength)} in {watch.Elapsed.TotalSeconds:0.0} s")));
        return new MergeResult(place, manifest, _plan.ByteLength);
    }

    private Action<long> Progress()
    {
        long total = _plan.ByteLength;
        long written = 0;
        return bytes => _report(new MergeEvent.Progress(written += bytes, total));
    }

    private void ThrowIfDiskTooSmall(string folder)
    {
        long needed = _plan.ByteLength + _plan.SideFiles.Sum(file => FileStamp.Of(file.Source).ByteLength);
        if (FreeSpace(folder) is long free && free < needed)
            throw Errors.DiskSpaceTooSmall(folder, needed, free);
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
}
