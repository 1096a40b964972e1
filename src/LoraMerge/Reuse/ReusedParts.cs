using System.Collections.Immutable;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Reuse;

/// <summary>A plan that takes from an earlier model of the store what need not be computed again.</summary>
/// <param name="Plan">What is left to do, if no file can be taken over.</param>
/// <param name="Files">Weight files that the earlier model has with exactly these bytes, by name.</param>
/// <param name="Outcomes">What the earlier merge did to the tensors that are taken over.</param>
internal sealed record ReusedParts(MergePlan Plan, ImmutableDictionary<string, EarlierFile> Files, ImmutableArray<TensorOutcome> Outcomes)
{
    /// <summary>Bytes of tensors that are taken over from within a file that they were made for.</summary>
    private long MadeByteLength { get; init; }

    /// <summary>Nothing is there to be taken over.</summary>
    public static ReusedParts None(MergePlan plan) => new(plan, ImmutableDictionary<string, EarlierFile>.Empty, []);

    /// <summary>Takes over as many bytes as one of the earlier models allows.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111: an adapter's tensor cannot be read.</exception>
    public static ReusedParts Of(ModelLayout layout, IEnumerable<EarlierModel> earlier, Recipes recipes) =>
        earlier.Select(model => Of(layout, model, recipes)).MaxBy(reuse => reuse.SavedBytes) is { SavedBytes: > 0 } best ? best : None(layout.Plan);

    /// <summary>Puts the files into a folder that this can be done with without copying them; the others are to be written like those that are new.</summary>
    /// <returns>The same for the files that are in their places, with the plan for the rest.</returns>
    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public ReusedParts PlaceIn(string folder)
    {
        ImmutableDictionary<string, EarlierFile> placed = Files.Where(file => IsPlaced(file.Value, Path.Combine(folder, file.Key))).ToImmutableDictionary();
        return this with { Files = placed, Plan = Plan with { Shards = [.. Plan.Shards.Where(shard => !placed.ContainsKey(shard.FileName))] } };
    }

    /// <summary>A link shares its bytes with a file that others can write to.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111.</exception>
    public void ThrowIfChanged(string folder)
    {
        foreach (EarlierFile file in Files.Where(file => !file.Value.IsAt(Path.Combine(folder, file.Key))).Select(file => file.Value))
            throw Errors.InputChangedDuringMerge(file.Path);
    }

    private long SavedBytes =>
        Plan.Shards.Where(shard => Files.ContainsKey(shard.FileName)).SelectMany(shard => shard.Tensors).Sum(tensor => tensor.ByteLength)
        + Outcomes.Sum(outcome => outcome.Tensor.ByteLength) + MadeByteLength;

    private static ReusedParts Of(ModelLayout layout, EarlierModel earlier, Recipes recipes)
    {
        MergePlan plan = layout.Plan;
        var outcomes = ImmutableArray.CreateBuilder<TensorOutcome>();
        long madeByteLength = 0;
        ImmutableDictionary<string, EarlierFile> files = plan.Shards
            .Select(shard => (shard.FileName, File: earlier.Find(shard, recipes.Of(shard, layout.FingerprintOf(shard.FileName)))))
            .Where(pair => pair.File is not null)
            .ToImmutableDictionary(pair => pair.FileName, pair => pair.File!);
        MergePlan rest = plan with
        {
            Shards = [.. plan.Shards.Select(shard => shard with { Tensors = [.. TakeAll(shard)] })],
        };
        return new ReusedParts(rest, files, outcomes.ToImmutable()) { MadeByteLength = madeByteLength };

        IEnumerable<PlannedTensor> TakeAll(PlannedShard shard)
        {
            (MadeTensor Made, PlannedTensor[] Sources)[] made = [.. Recipes.MadeOf(layout, shard)];
            return made.Length == 0 || files.ContainsKey(shard.FileName)
                ? shard.Tensors.Select(tensor => Take(tensor, shard.FileName))
                : made.SelectMany(part => TakeMade(part.Made, part.Sources));
        }

        PlannedTensor Take(PlannedTensor tensor, string file)
        {
            if (tensor is not PlannedTensor.Computed computed || earlier.FindMade(computed, recipes.Of(computed)) is not ManifestTensor made)
                return tensor;
            StoredTensor? stored = layout.TakesStoredTensors ? earlier.FindStored(tensor.Name) : null;
            if (stored is not null || files.ContainsKey(file))
                outcomes.Add(OutcomeOf(computed, made));
            return stored is null ? tensor : new PlannedTensor.PassThrough(tensor.Name, stored);
        }

        // All or nothing: a tensor of the file is a copy, or made of all of its sources.
        PlannedTensor[] TakeMade(MadeTensor made, PlannedTensor[] sources)
        {
            PlannedTensor.Computed[] changed =
                [.. sources.OfType<PlannedTensor.Computed>().Where(tensor => !tensor.Changes.IsEmpty || tensor.ReplacedBy is not null)];
            ManifestTensor?[] known = [.. changed.Select(tensor => earlier.FindMade(tensor, recipes.Of(tensor)))];
            if (made.ByteLength == 0 || sources.Length == 0 || known.Contains(null)
                || earlier.FindMade(made, recipes.Of(made, sources)) is not StoredTensor bytes)
                return sources;
            outcomes.AddRange(changed.Zip(known, (tensor, done) => OutcomeOf(tensor, done!)));
            madeByteLength += made.ByteLength;
            return [new PlannedTensor.PassThrough(made.Name, bytes)];
        }
    }

    private static TensorOutcome OutcomeOf(PlannedTensor.Computed tensor, ManifestTensor done) =>
        new(tensor, done.ChangedShare, [.. done.Deltas.Select(delta => delta.Norm)]) { KeptShare = done.KeptShare };

    private static bool IsPlaced(EarlierFile file, string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            bool isPlaced = FileTwin.TryCreate(file.Path, path, mayLink: true) != TwinKind.None;
            if (isPlaced)
                DiskFlush.OfFile(path);
            return isPlaced;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(path, e);
        }
    }
}

/// <summary>A weight file of an earlier merged model.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Hash">XxHash128 of its bytes.</param>
/// <param name="Stamp">As it was when it was found sound.</param>
internal sealed record EarlierFile(string Path, string Hash, FileStamp Stamp)
{
    /// <summary>Whether a twin of it has the length and time that it had.</summary>
    /// <exception cref="LoraMergeException">LORA1110.</exception>
    public bool IsAt(string twin)
    {
        try
        {
            return FileStamp.Of(twin) == Stamp;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(twin, e);
        }
    }
}
