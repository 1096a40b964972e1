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
    /// <param name="findReuse">Looks for what an earlier model has already; null where there is none. It needs the hashes of all inputs.</param>
    /// <param name="cancellation">Stops the merge; the destination stays as it was.</param>
    /// <exception cref="LoraMergeException">LORA1108 to LORA1111, LORA3013, 5xxx.</exception>
    public MergeResult Write(IModelDestination destination, InputHashes known, Func<MergePlan, Recipes, Reuse>? findReuse, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        MergeRequest request = _inputs.Request;
        _report(new MergeEvent.Information($"Merging {string.Join(", ", _inputs.AdapterNames)} into {_inputs.Checkpoint.Name}"));
        ComputeDevice device = ComputeDevice.Open(request.Device, request.NativesFolder);
        if (device.Note is string note)
            _report(new MergeEvent.Information(note));

        using var adapterFiles = new TensorFiles();
        Recipes? recipes = findReuse is null ? null : new Recipes(request.Device, known.Complete(_inputs.Snapshot.Roots, cancellation), adapterFiles);
        Reuse reuse = recipes is null ? Reuse.None(_plan) : findReuse!(_plan, recipes);
        MergePlan left = TakeOver(reuse.Plan, destination.StagingFolder);
        ThrowIfDiskTooSmall(left, destination.StagingFolder);
        string[] unhashed = [.. _inputs.Checkpoint.Shards.Select(shard => shard.File).Where(file => known.Find(file) is null)];
        using var baseFiles = new TensorFiles(unhashed.ToHashSet(StringComparer.Ordinal));
        using var sink = new ShardSink(left, destination.StagingFolder);
        IReadOnlyList<TensorOutcome> computed = new MergePipeline(left, PipelineOptions.Of(request, device), Progress(left)).Run(baseFiles, sink, cancellation);
        sink.Complete();
        var folder = new ModelFolder(destination.StagingFolder);
        folder.Write(_plan, _inputs.Checkpoint.Config);

        ImmutableArray<HashedInput> hashed = known
            .With(unhashed.Select(file => KeyValuePair.Create(file, baseFiles.HashOf(file))))
            .Complete(_inputs.Snapshot.Roots, cancellation);
        TensorOutcome[] outcomes = [.. computed, .. reuse.Outcomes];
        MergeManifest manifest = ManifestBuilder.Build(_inputs, _plan, outcomes, hashed, [.. sink.Hashes, .. folder.Hashes], recipes ?? new Recipes(request.Device, hashed, adapterFiles));
        _inputs.Snapshot.ThrowIfChanged();
        if (request.Verification != Verification.None)
            manifest = ModelCheck.Run(destination.StagingFolder, manifest, request.Verification == Verification.Full);
        folder.Write(MergeManifest.FileName, manifest.ToBytes());
        string place = destination.Commit();
        _report(new MergeEvent.Information(string.Create(CultureInfo.InvariantCulture,
            $"Merged {_inputs.Name}: {outcomes.Length} of {_plan.Tensors.Count()} tensors changed, {Errors.Bytes(_plan.ByteLength)} in {watch.Elapsed.TotalSeconds:0.0} s")));
        return new MergeResult(place, manifest, _plan.ByteLength) { ComputedTensorCount = computed.Count, ReadByteLength = baseFiles.ReadByteLength, WrittenByteLength = sink.WrittenByteLength };
    }

    /// <summary>Files of an earlier model take their place; where that cannot be done without copying them, they are written like the others.</summary>
    private static MergePlan TakeOver(MergePlan plan, string folder) => plan with
    {
        Shards = [.. plan.Shards.Select(shard => shard.Earlier is EarlierFile file && !IsPlaced(file, Path.Combine(folder, shard.FileName)) ? shard with { Earlier = null } : shard)],
    };

    private static bool IsPlaced(EarlierFile file, string path)
    {
        try
        {
            return FileTwin.TryCreate(file.Path, path, mayLink: true) != TwinKind.None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(path, e);
        }
    }

    private Action<long> Progress(MergePlan left)
    {
        long total = LengthToWrite(left);
        long written = 0;
        return bytes => _report(new MergeEvent.Progress(written += bytes, total));
    }

    private static long LengthToWrite(MergePlan left) => left.Shards.Where(shard => shard.Earlier is null).Sum(shard => shard.ByteLength);

    private static void ThrowIfDiskTooSmall(MergePlan left, string folder)
    {
        long needed = LengthToWrite(left) + left.SideFiles.Sum(file => FileStamp.Of(file.Source).ByteLength);
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
