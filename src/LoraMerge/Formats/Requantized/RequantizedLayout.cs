using System.Collections.Immutable;
using System.IO.Hashing;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Quantized;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats.Requantized;

/// <summary>
/// A model folder that stays quantised as its base is: weights that no adapter touches keep the bytes of all their parts, the others are quantised again.
/// </summary>
internal sealed class RequantizedLayout : ModelLayout
{
    private readonly Checkpoint _base;

    private RequantizedLayout(Checkpoint checkpoint, MergePlan plan, ImmutableArray<(string Name, ImmutableArray<WrittenTensor> Tensors)> files)
    {
        _base = checkpoint;
        Files = files.ToImmutableDictionary(file => file.Name, file => file.Tensors, StringComparer.Ordinal);
        InputFile[] ofQuantiser = [.. checkpoint.Files.Files.Where(file => ModelParts.IsOfQuantiser(file.RelativePath))];
        Plan = plan with
        {
            Shards =
            [
                .. files.Zip(checkpoint.Shards, (file, shard) =>
                    new PlannedShard(file.Name, [.. Computed(file.Tensors)], ShardPlanner.WithFormat(shard.Metadata))),
            ],
            SideFiles = [.. plan.SideFiles, .. ofQuantiser.Select(file => new SideFile(file.FullPath, file.RelativePath))],
        };
    }

    public override MergePlan Plan { get; }

    /// <summary>The tensors of each weight file, in the order of their bytes.</summary>
    public ImmutableDictionary<string, ImmutableArray<WrittenTensor>> Files { get; }

    /// <summary>The plan with the tensors as they lie in the files.</summary>
    public MergePlan Written => Plan with { Shards = [.. Plan.Shards.Select(shard => FileOf(shard.FileName))] };

    public override int TensorCount => Files.Values.Sum(tensors => tensors.Length);

    public override IEnumerable<MergeEvent> Notes => [Diagnostics.Notes.BaseStaysQuantized(_base.Form!, Weights.Count())];

    public override string Summary => $"{_base.Form!.Name}, as the base";

    /// <summary>The weights that are quantised again.</summary>
    public IEnumerable<PlannedTensor.Computed> Weights =>
        Files.Values.SelectMany(tensors => tensors).Select(tensor => tensor.From).OfType<PlannedTensor.Computed>().DistinctBy(weight => weight.Name);

    /// <summary>Merged values and what their codes stand for, and the codes.</summary>
    public override long HeldBytes => Weights.Select(weight => CodecOf(weight)).Select(codec => HeldBy(codec)).DefaultIfEmpty(0).Max();

    /// <exception cref="LoraMergeException">LORA2074, LORA2112: the result cannot be stored as the base is.</exception>
    public static RequantizedLayout Create(LayoutInputs planned)
    {
        Checkpoint checkpoint = planned.Inputs.Checkpoint;
        ThrowIfOtherwise(planned.Inputs.Request);
        if (!checkpoint.Tensors.OfType<QuantizedTensor>().Any())
            throw Errors.RequantizeImpossible(checkpoint.Path, $"it is {checkpoint.Form!.Name}, and a folder cannot have its form (Format=\"gguf\" can)");
        if (checkpoint.Files.Weights.Form == WeightForm.Gguf)
            throw Errors.RequantizeImpossible(
                checkpoint.Path, "it is a GGUF file, whose types Format=\"gguf\" with a Quantization writes, and no safetensors folder has");
        if (planned.Inputs.Adapters.FirstOrDefault(adapter => !adapter.Config.LayerReplication.IsEmpty) is { } replicated)
            throw Errors.RequantizeImpossible(replicated.Path, "its layers are stacked anew (layer_replication)");
        Dictionary<string, PlannedTensor> byName = planned.Plan.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var rewritten = new Dictionary<string, PlannedTensor.Computed>(StringComparer.Ordinal); // by the name of a part
        using var files = new TensorFiles();
        foreach (QuantizedTensor quantized in checkpoint.Tensors.OfType<QuantizedTensor>())
        {
            if (byName.Remove(quantized.Name, out PlannedTensor? tensor) && tensor is PlannedTensor.Computed changed && IsTouched(changed))
            {
                ThrowIfImpossible(quantized, changed, files);
                foreach (StoredTensor part in quantized.Codec.Rewritten)
                    rewritten[part.Name] = ToFloats(changed);
            }
        }
        var written = checkpoint.Shards.Select(shard => (shard.MergedFileName, Tensors: shard.Tensors.Select(stored =>
            rewritten.TryGetValue(stored.Name, out PlannedTensor.Computed? from)
                ? new WrittenTensor(new PlannedTensor.PassThrough(stored.Name, stored), from)
                : new WrittenTensor(byName.Remove(stored.Name, out PlannedTensor? plain) ? plain : new PlannedTensor.PassThrough(stored.Name, stored), null))
            .ToImmutableArray())).ToArray();
        // What is left is new to the base.
        written[^1].Tensors = [.. written[^1].Tensors,
            .. byName.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(tensor => new WrittenTensor(tensor, null))];
        return new RequantizedLayout(checkpoint, planned.Plan, [.. written.Select(file => (file.MergedFileName, file.Tensors))]);
    }

    public override string FingerprintOf(string fileName)
    {
        var hash = new XxHash128();
        hash.Append("requantized"u8);
        hash.Append(LayoutOf(fileName).HeaderBytes.Span);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public override long ByteLengthOf(MergePlan left) => left.Shards.Sum(shard => Files[shard.FileName].Sum(tensor => tensor.Tensor.ByteLength));

    public override IWeightSink OpenSink(MergePlan left, string folder, int? threads) => new RequantizedSink(this, left, folder);

    /// <summary>A weight file before its tensors.</summary>
    public ShardLayout LayoutOf(string fileName) => FileOf(fileName).Layout();

    /// <summary>A weight file as it is written.</summary>
    public PlannedShard FileOf(string fileName) =>
        Plan.Shards.First(shard => shard.FileName == fileName) with { Tensors = [.. Files[fileName].Select(tensor => tensor.Tensor)] };

    public override void WriteBeside(ModelFolder folder) => folder.WriteBeside(Written, _base.Config);

    /// <summary>How a weight of the base is stored.</summary>
    public WeightCodec CodecOf(PlannedTensor.Computed weight) => BaseOf(weight).Codec;

    /// <summary>A weight of the base.</summary>
    public QuantizedTensor BaseOf(PlannedTensor.Computed weight) =>
        _base.TryFind(weight.Name, out TensorSource? source) ? (QuantizedTensor)source
            : throw new InvalidOperationException($"'{weight.Name}' is not in the base.");

    /// <summary>What flows through a merge for a file: a weight once, where the first of its parts lies.</summary>
    private static IEnumerable<PlannedTensor> Computed(ImmutableArray<WrittenTensor> tensors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (WrittenTensor tensor in tensors)
        {
            if (tensor.From is null)
                yield return tensor.Tensor;
            else if (seen.Add(tensor.From.Name))
                yield return tensor.From;
        }
    }

    private static bool IsTouched(PlannedTensor.Computed tensor) => !tensor.Changes.IsEmpty || tensor.ReplacedBy is not null;

    /// <summary>Merged in float32: what it is rounded to has fewer bits.</summary>
    private static PlannedTensor.Computed ToFloats(PlannedTensor.Computed tensor) =>
        tensor with { DType = DType.F32, Source = tensor.Source.WideEnoughFor(DType.BF16), RoundedTo = DType.BF16 };

    private static long HeldBy(WeightCodec codec) => (codec.UnitLength * 2 * sizeof(float)) + codec.Rewritten.Sum(part => part.ByteLength) + codec.HeldBytes;

    private static void ThrowIfOtherwise(MergeRequest request)
    {
        const string what = "safetensors with Requantize=\"keep\"";
        if (request.DType.Forced is not null)
            throw Errors.OptionNotOfFormat("DType", request.DType.ToString(), what, "The result has the base's dtypes. Leave one of them out.");
        if (request.MaxShardSize is ByteSize size)
            throw Errors.OptionNotOfFormat("MaxShardSize", size.Text, what, "The result has the base's files. Leave one of them out.");
    }

    private static void ThrowIfImpossible(QuantizedTensor quantized, PlannedTensor.Computed changed, TensorFiles files)
    {
        string? obstacle = quantized.Shape.AsSpan().SequenceEqual(changed.Shape.AsSpan())
            ? quantized.Codec.RequantizeObstacle(files)
            : $"the adapter makes it {changed.Source.ShapeText} of {quantized.ShapeText}";
        if (obstacle is not null)
            throw Errors.RequantizeImpossible(quantized.Name, obstacle);
    }
}
