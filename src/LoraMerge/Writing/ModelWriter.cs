using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
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
    private readonly ModelLayout _layout;
    private readonly Action<MergeEvent> _report;

    public ModelWriter(OpenedInputs inputs, ModelLayout layout, Action<MergeEvent> report)
    {
        _inputs = inputs;
        _layout = layout;
        _report = report;
    }

    /// <summary>About how many bytes a merge holds.</summary>
    public static long MemoryBytes(ModelLayout layout, long? maxMemory) =>
        MergeMemory.Of(layout.Plan, layout.HeldBytes, maxMemory).ByteLength;

    /// <param name="destination">Where the model goes; committed here.</param>
    /// <param name="known">Hashes of inputs that need not be computed again.</param>
    /// <param name="earlier">What a store has already; null outside of stores.</param>
    /// <param name="cancellation">Stops the merge; the destination stays as it was.</param>
    /// <exception cref="LoraMergeException">LORA1108 to LORA1111, LORA3013, 5xxx, LORA7060.</exception>
    public MergeResult Write(IModelDestination destination, InputHashes known, EarlierModels? earlier, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        MergePlan plan = _layout.Plan;
        MergeRequest request = _inputs.Request;
        destination.Begin([.. _layout.FileNames, MergeManifest.FileName]);
        string newName = _inputs.Name == _inputs.Checkpoint.Name ? "" : $" as {_inputs.Name}";
        _report(new MergeEvent.Information(request.OnlyDequantizes
            ? $"Dequantising {_inputs.Checkpoint.Name}{newName}"
            : $"Merging {string.Join(", ", _inputs.AdapterNames)} into {_inputs.Checkpoint.Name}{newName}"));
        ComputeDevice device = ComputeDevice.Open(request.Device, request.NativesFolder);
        if (device.Note is string note)
            _report(new MergeEvent.Information(note));

        foreach (Shard shard in _inputs.Adapters.SelectMany(adapter => adapter.Weights))
            TensorFiles.ThrowIfDamaged(shard);
        var ofBase = _inputs.Checkpoint.Shards.Select(shard => shard.File).ToHashSet(StringComparer.Ordinal);
        _inputs.Pins.CheckAll(file => !ofBase.Contains(file), cancellation); // the base's weights: while they are merged
        using var adapterFiles = new TensorFiles();
        Recipes? recipes = earlier?.IsAny == true ? new Recipes(request.Device, known.Complete(_inputs.Snapshot.Roots, cancellation), adapterFiles) : null;
        ReusedParts reuse = (recipes is null ? ReusedParts.None(plan) : earlier!.Find(_layout, recipes)).PlaceIn(destination.StagingFolder);
        ThrowIfDiskTooSmall(reuse.Plan, destination.StagingFolder);
        WrittenWeights weights = WriteWeights(reuse.Plan, device, known, destination.StagingFolder, cancellation);
        var folder = new ModelFolder(destination.StagingFolder);
        _layout.WriteBeside(folder);

        ImmutableArray<HashedInput> hashed = weights.Known.Complete(_inputs.Snapshot.Roots, cancellation);
        if (earlier is not null)
            recipes ??= new Recipes(request.Device, hashed, adapterFiles);
        TensorOutcome[] outcomes = [.. weights.Outcomes, .. reuse.Outcomes];
        MergeManifest manifest = ManifestBuilder.Build(
            _inputs, _layout, outcomes, hashed,
            [.. weights.Hashes, .. reuse.Files.Select(file => KeyValuePair.Create(file.Key, file.Value.Hash)), .. folder.Hashes], recipes);
        InputSnapshot.ThrowIfChanged(hashed);
        reuse.ThrowIfChanged(destination.StagingFolder);
        if (request.Verification != Verification.None)
            manifest = WrittenCheck.Run(destination.StagingFolder, manifest, request.Verification == Verification.Full);
        folder.Write(MergeManifest.FileName, manifest.ToBytes());
        string place = destination.Commit();
        foreach (MergeEvent told in IdleAdapters.Of(outcomes, _inputs).Concat(AdaptersInBase.Of(_inputs, manifest)))
            _report(told);
        long byteLength = _layout.ByteLengthOf(plan);
        _report(new MergeEvent.Information(string.Create(CultureInfo.InvariantCulture,
            $"{(request.OnlyDequantizes ? "Dequantised" : "Merged")} {_inputs.Name}: {Done(outcomes)}, {Errors.Bytes(byteLength)} "
            + $"in {watch.Elapsed.TotalSeconds:0.0} s")));
        return new MergeResult(place, manifest, byteLength)
        {
            ComputedTensorCount = weights.Outcomes.Count,
            ReadByteLength = weights.ReadByteLength,
            WrittenByteLength = weights.WrittenByteLength,
            Plan = plan,
            Outcomes = outcomes,
            Elapsed = watch.Elapsed,
        };
    }

    /// <summary>Where no tensor of the base is written, what the files hold.</summary>
    private string Done(TensorOutcome[] outcomes) => _inputs.Request.OnlyDequantizes
        ? string.Create(CultureInfo.InvariantCulture, $"{_inputs.Checkpoint.Form!.TensorCount} of {_layout.Plan.Tensors.Count()} tensors")
        : _layout.Plan.Tensors.Any() || _layout.Summary is not string summary
        ? string.Create(CultureInfo.InvariantCulture, $"{outcomes.Count(outcome => outcome.IsChange)} of {_layout.Plan.Tensors.Count()} tensors changed")
        : summary;

    /// <summary>All files that it reads and writes are closed when it returns.</summary>
    private WrittenWeights WriteWeights(MergePlan plan, ComputeDevice device, InputHashes known, string folder, CancellationToken cancellation)
    {
        // A hash that is known does not tell that the file was ever sound: where it has checksums and is read, it is read whole.
        var read = plan.Tensors.SelectMany(tensor => tensor.Source.Parts).Select(part => part.File).ToHashSet(StringComparer.Ordinal);
        bool IsToBeHashed(Shard shard) =>
            known.Find(shard.File) is null || (!shard.Checksums.IsEmpty && read.Contains(shard.File)) || _inputs.Pins.Has(shard.File);
        Shard[] hashed = [.. _inputs.Checkpoint.Shards.Where(IsToBeHashed)];
        using var files = new TensorFiles(hashed, _inputs.Pins.Has);
        using IWeightSink sink = _layout.OpenSink(plan, folder, _inputs.Request.Threads);
        var pipeline = new MergePipeline(plan, PipelineOptions.Of(_inputs.Request, device, _layout.HeldBytes), Progress(plan));
        TensorOutcome[] outcomes = [.. pipeline.Run(files, sink.Write, cancellation).Select(outcome => outcome.WithKept(sink.KeptShares))];
        foreach (MergeEvent note in sink.Notes)
            _report(note);
        InputHashes hashes = known.With(hashed.Select(shard => KeyValuePair.Create(shard.File, files.HashOf(shard.File))));
        foreach (Shard shard in hashed.Where(shard => _inputs.Pins.Has(shard.File)))
            _inputs.Pins.Check(shard.File, files.Sha256Of(shard.File));
        return new WrittenWeights(outcomes, sink.Hashes, hashes, files.ReadByteLength, sink.WrittenByteLength);
    }

    /// <summary>In bytes of the files: what passes through the pipeline may be wider.</summary>
    private Action<long> Progress(MergePlan left)
    {
        long total = _layout.ByteLengthOf(left);
        double share = total / (double)Math.Max(left.ByteLength, 1);
        long taken = 0;
        return bytes => _report(new MergeEvent.Progress((long)((taken += bytes) * share), total));
    }

    private void ThrowIfDiskTooSmall(MergePlan left, string folder)
    {
        long needed = _layout.ByteLengthOf(left) + left.SideFiles.Sum(file => file.Content?.LongLength ?? ByteLengthOf(file.Source));
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
    private sealed record WrittenWeights(
        IReadOnlyList<TensorOutcome> Outcomes, IReadOnlyDictionary<string, string> Hashes, InputHashes Known, long ReadByteLength, long WrittenByteLength);
}
