using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Kinds.Lora;
using LoraMerge.Safetensors;

namespace LoraMerge.Dialects.Mlx;

/// <summary>Sorts the tensors of an mlx_lm adapter into the records of a PEFT one, so that planning and arithmetic need not know where it came from.</summary>
/// <remarks>
/// mlx_lm, <c>tuner/lora.py</c> and <c>tuner/dora.py</c>. A linear layer's pair is PEFT's turned round: <c>lora_a [in, r]</c>, <c>lora_b [r, out]</c>.
/// An embedding's, <c>lora_a [rows, r]</c> and <c>lora_b [r, width]</c>, is that of a linear layer whose B is lora_a and whose A is lora_b.
/// Stacked experts are as many linear layers, whose pairs lie one behind the other in the file and are not turned round.
/// </remarks>
internal sealed class MlxTensors
{
    /// <summary>Far more than any layer has; each becomes a module of its own.</summary>
    private const int MostExperts = 65_536;

    private readonly string _path;
    private readonly AdapterDialect _dialect;
    private readonly MlxConfig _config;
    private readonly Shard _weights;
    private readonly SortedDictionary<string, Dictionary<string, StoredTensor>> _layers = new(StringComparer.Ordinal);

    private MlxTensors(string path, AdapterDialect dialect, MlxConfig config, Shard weights)
    {
        _path = path;
        _dialect = dialect;
        _config = config;
        _weights = weights;
    }

    /// <exception cref="LoraMergeException">LORA3004, 3008 to 3010, 3012, 3051.</exception>
    public static Adapter Sort(string path, AdapterDialect dialect, MlxConfig config, Shard weights)
    {
        if (weights.Tensors.IsEmpty)
            throw Errors.AdapterIsEmpty(weights.File);
        if (weights.Tensors.FirstOrDefault(tensor => tensor.DType is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64)) is StoredTensor wrong)
            throw Errors.AdapterDTypeInvalid(wrong);
        return new MlxTensors(path, dialect, config, weights).Sort();
    }

    private Adapter Sort()
    {
        var adapter = new Adapter(_path, _dialect, new LoraKind(), _config.General, _config.Own, [_weights], [], [], [])
        {
            Notes = _config.OtherScaling is double other ? [Notes.MlxScaleAmbiguous(_config.Scaling, other, _path)] : [],
        };
        if (_config.Training == MlxTraining.Full)
            return adapter with
            {
                Parameters = SavedOf(_weights.Tensors),
            };
        var names = _weights.Tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        ILookup<bool, StoredTensor> tensors = _weights.Tensors.ToLookup(tensor => IsWhole(tensor.Name, names));
        foreach (StoredTensor tensor in tensors[false])
            Add(tensor);
        return adapter with
        {
            Parameters = SavedOf(tensors[true]),
            Modules = [.. _layers.SelectMany(layer => Modules(layer.Key, layer.Value)).OrderBy(module => module.Path, StringComparer.Ordinal)],
        };
    }

    /// <summary>Whether a tensor was trained whole beside the pairs, as unsloth and mlx-vlm save embeddings, heads and projectors.</summary>
    /// <remarks>Not the layer that a pair is put around: its copy of the base belongs to no adapter.</remarks>
    private static bool IsWhole(string name, HashSet<string> names)
    {
        string[] parts = name.Split('.');
        return parts is [.., var layer, "weight" or "bias"] && !(layer is "linear" or "embedding" && names.Contains($"{string.Join('.', parts[..^2])}.lora_a"));
    }

    private static ImmutableArray<SavedParameter> SavedOf(IEnumerable<StoredTensor> tensors) =>
    [
        .. tensors.SelectMany(Saved).OrderBy(saved => saved.Module, StringComparer.Ordinal).ThenBy(saved => saved.Parameter, StringComparer.Ordinal),
    ];

    private void Add(StoredTensor tensor)
    {
        int split = tensor.Name.LastIndexOf('.');
        if (
            split < 1
            || tensor.Name[(split + 1)..] is not ("lora_a" or "lora_b" or "m")
            || (tensor.Name.EndsWith(".m", StringComparison.Ordinal) && _config.Training != MlxTraining.Dora)
        )
            throw Errors.AdapterTensorUnknown(tensor, "mlx_lm");
        string layer = tensor.Name[..split];
        if (!_layers.TryGetValue(layer, out Dictionary<string, StoredTensor>? parts))
            _layers[layer] = parts = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        parts.Add(tensor.Name[(split + 1)..], tensor);
    }

    private IEnumerable<LoraModule> Modules(string name, Dictionary<string, StoredTensor> parts)
    {
        StoredTensor a = Part("lora_a"), b = Part("lora_b");
        if (b.Shape.Length == 3)
            return Experts(name, a, b);
        if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[1] != b.Shape[0])
            throw Errors.MlxPairDoesNotFit(name, a, b);
        ThrowIfRankDiffers(name, a, a.Shape[1]);
        string path = MlxNames.OfModule(name);
        LoraModule module = MlxNames.IsEmbedding(path) ? Pair(path, b, a) : Pair(path, a.Transposed(), b.Transposed());
        if (_config.Training != MlxTraining.Dora)
            return [module];
        StoredTensor m = Part("m");
        if (m.Shape.Length != 1 || m.Shape[0] != module.StoredB.Shape[0])
            throw Errors.MagnitudeDoesNotFit(name, m, module.StoredB.Shape[0]);
        return [module with { Magnitude = m }];

        StoredTensor Part(string part) => parts.GetValueOrDefault(part) ?? throw Errors.HalfAPair(name, part, parts.Values.First().File);
    }

    /// <summary>lora_a <c>[experts, r, in]</c>, flat up to 0.28.2: <c>[experts · r, in]</c>, the same bytes; lora_b <c>[experts, out, r]</c>.</summary>
    private IEnumerable<LoraModule> Experts(string name, StoredTensor a, StoredTensor b)
    {
        (long experts, long rank) = (b.Shape[0], b.Shape[2]);
        bool fits = a.Shape.Length == 3 ? a.Shape[0] == experts && a.Shape[1] == rank : a.Shape.Length == 2 && a.Shape[0] == experts * rank;
        if (!fits || a.ElementCount == 0 || b.ElementCount == 0)
            throw Errors.MlxPairDoesNotFit(name, a, b);
        ThrowIfRankDiffers(name, b, rank);
        string path = MlxNames.OfModule(name);
        return Enumerable.Range(0, CountOfExperts(b)).Select(e =>
            Pair(MlxNames.OfExpert(path, e), Slice(a, e, [rank, a.Shape[^1]]), Slice(b, e, [b.Shape[1], rank])));
    }

    private LoraModule Pair(string path, StoredTensor a, StoredTensor b) =>
        new(path, a, b, new StoredFactor(a), new StoredFactor(b), _config.Rank, _config.Scaling);

    /// <summary>A whole tensor; stacked experts as one tensor each.</summary>
    private static IEnumerable<SavedParameter> Saved(StoredTensor tensor)
    {
        int split = tensor.Name.LastIndexOf('.');
        if (split < 1 || tensor.ElementCount == 0)
            throw Errors.AdapterTensorUnknown(tensor, "mlx_lm");
        string path = MlxNames.OfModule(tensor.Name[..split]);
        string parameter = tensor.Name[(split + 1)..];
        if (tensor.Shape.Length == 3 && MlxNames.IsStack(path))
            return Enumerable.Range(0, CountOfExperts(tensor)).Select(e => new SavedParameter(MlxNames.OfExpert(path, e), parameter, tensor.At(e)));
        return
        [
            new SavedParameter(
                path,
                parameter,
                parameter == "weight" && tensor.Shape.Length == 2 && MlxNames.IsTurnedRound(path) ? tensor.Transposed() : tensor
            ),
        ];
    }

    /// <exception cref="LoraMergeException">LORA3051.</exception>
    private static int CountOfExperts(StoredTensor stacked) =>
        stacked.Shape[0] <= MostExperts ? (int)stacked.Shape[0] : throw Errors.TooManyExperts(stacked, MostExperts);

    private void ThrowIfRankDiffers(string layer, StoredTensor tensor, long found)
    {
        if (found != _config.Rank)
            throw Errors.MlxRankMismatch(layer, tensor, _config.Rank, found);
    }

    /// <summary>One of the equal parts that a tensor consists of, one behind the other.</summary>
    private static StoredTensor Slice(StoredTensor tensor, int index, ImmutableArray<long> shape)
    {
        long byteLength = shape.Aggregate(tensor.ByteLength / tensor.ElementCount, (product, side) => checked(product * side));
        return tensor with
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{tensor.Name}[{index}]"),
            Shape = shape,
            FileOffset = tensor.FileOffset + (index * byteLength),
            ByteLength = byteLength,
        };
    }
}
