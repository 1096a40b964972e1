using System.Collections.Immutable;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>The stored tensors of a base while formats take theirs out of them and add plain ones.</summary>
internal sealed class QuantizedReading : IDisposable
{
    private static readonly ImmutableArray<QuantizedFormat> s_formats =
    [
        new Bitsandbytes4Bit(), new BitsandbytesInt8(), new Gptq(), new Awq(), new Mxfp4(), new CompressedTensorsPacked(), new Nvfp4(), new ScaledCodes(),
    ];

    /// <summary>What quantisers write beside the weights for activations and for keys and values in the cache, and as a mark: nothing of a weight.</summary>
    private static readonly string[] s_ofActivations =
    [
        "input_scale", "input_global_scale", "input_zero_point", "activation_scale", "input_scale_ub", "input_g_idx",
        "output_scale", "output_zero_point", "k_scale", "v_scale", "q_scale", "kv_scale", "prob_scale", "k_zero_point", "v_zero_point",
        "scale_input", "qscale_act", "scaled_fp8",
    ];

    private readonly Dictionary<string, StoredTensor> _stored;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, QuantizedTensor> _made = new(StringComparer.Ordinal); // by the part that it takes the place of
    private readonly List<string> _formats = [];

    private QuantizedReading(Checkpoint checkpoint)
    {
        Checkpoint = checkpoint;
        _stored = checkpoint.Tensors.Cast<StoredTensor>().ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Config = QuantizationConfig.Of(checkpoint);
        DType = DTypeOf(checkpoint.Config);
    }

    public Checkpoint Checkpoint { get; }

    public QuantizationConfig Config { get; }

    /// <summary>What weights become where no dtype is asked for.</summary>
    public DType DType { get; }

    /// <summary>Reads what decides shapes, such as the state that bitsandbytes saves.</summary>
    public TensorFiles Files { get; } = new();

    /// <summary>Tensors that no format has taken so far.</summary>
    public IEnumerable<StoredTensor> Left =>
        Checkpoint.Tensors.Cast<StoredTensor>().Where(tensor => !_taken.Contains(tensor.Name));

    /// <summary>The base with plain tensors; itself where nothing is quantised.</summary>
    /// <exception cref="LoraMergeException">LORA2008, LORA2009, LORA2100 to LORA2108.</exception>
    public static Checkpoint Plain(Checkpoint checkpoint)
    {
        if (!checkpoint.Tensors.Any(UnreadForms.MayBeOfOne))
            return checkpoint;
        using var reading = new QuantizedReading(checkpoint);
        UnreadForms.ThrowIfNamed(checkpoint, reading.Config);
        ComfyMarks.Take(reading);
        foreach (QuantizedFormat format in s_formats)
            format.Read(reading);
        reading.DropOfActivations();
        UnreadForms.ThrowIfLeft(checkpoint, reading);
        return reading._made.Count == 0 ? checkpoint : reading.Result();
    }

    public void Dispose() => Files.Dispose();

    /// <summary>A stored tensor by its name; null where there is none.</summary>
    public StoredTensor? Find(string name) => _stored.GetValueOrDefault(name);

    /// <summary>Adds a plain tensor, and takes its parts out.</summary>
    /// <param name="format">For people: <c>bitsandbytes NF4</c>.</param>
    /// <param name="name">Its name in a plain model.</param>
    /// <param name="shape">Its shape there.</param>
    /// <param name="codec">How its values are made.</param>
    /// <param name="others">What else goes with it, and is not read.</param>
    /// <exception cref="LoraMergeException">LORA2106, LORA2108.</exception>
    public void Add(string format, string name, ImmutableArray<long> shape, WeightCodec codec, params ReadOnlySpan<StoredTensor?> others)
    {
        StoredTensor codes = codec.Parts[0];
        Int128 count = 1;
        foreach (long side in shape)
        {
            // Each side alone may be as large as a number: the product is what counts, in bytes of float64.
            if (side < 0 || (count *= Math.Max(side, 1)) > long.MaxValue / sizeof(double))
                throw QuantizedErrors.ShapeInvalid(codes, shape);
        }
        if (codes.Name != name && Find(name) is StoredTensor plain)
            throw QuantizedErrors.StoredTwice(codes, plain);
        foreach (StoredTensor part in codec.Parts)
            _taken.Add(part.Name);
        foreach (StoredTensor? other in others)
        {
            if (other is not null)
                _taken.Add(other.Name);
        }
        if (IsTurned(name, shape))
        {
            if (count > Array.MaxLength)
                throw QuantizedErrors.ShapeInvalid(codes, shape);
            (codec, shape) = (new TurnedRoundCodec(codec, (int)shape[0], (int)shape[1]), [shape[1], shape[0]]);
        }
        _made.Add(codes.Name, new QuantizedTensor(name, DType.F32, shape, DType, codec));
        if (!_formats.Contains(format))
            _formats.Add(format);
    }

    /// <summary>Takes a tensor out that a plain model has not.</summary>
    public void Take(StoredTensor tensor) => _taken.Add(tensor.Name);

    /// <summary>Quantisers know linear layers, and turn a Conv1D round to make it one.</summary>
    private bool IsTurned(string name, ImmutableArray<long> shape)
    {
        const string weight = ".weight";
        return shape.Length == 2 && name.EndsWith(weight, StringComparison.Ordinal) && Conv1DModules.IsNamedLikeOne(name[..^weight.Length])
            && Checkpoint.Config.PartOf(name).ModelType is string family && Conv1DModules.AreOf(family);
    }

    private void DropOfActivations()
    {
        if (_made.Count == 0)
            return;
        foreach (StoredTensor tensor in Left.ToArray())
        {
            string last = tensor.Name[(tensor.Name.LastIndexOf('.') + 1)..];
            if (tensor.ElementCount <= tensor.Shape.DefaultIfEmpty(1).Max()
                && Array.Exists(s_ofActivations, name => last == name || last.EndsWith("_" + name, StringComparison.Ordinal)))
                _taken.Add(tensor.Name);
        }
    }

    private Checkpoint Result() => Checkpoint.With(
        [
            .. Checkpoint.Shards.Select((_, shard) => Checkpoint.TensorsOf(shard).Select(PlainOf).OfType<TensorSource>().ToImmutableArray()),
        ],
        new StoredForm(string.Join(" and ", _formats), _made.Count, DType));

    private TensorSource? PlainOf(TensorSource stored) => _made.GetValueOrDefault(stored.Name) ?? (_taken.Contains(stored.Name) ? null : stored);

    /// <summary>What config.json says, where it is a dtype that a plain model has; bfloat16 else.</summary>
    private static DType DTypeOf(ModelConfig config) =>
        config.DTypeFields().Select(field => config.TextPart.Value(field.Section, field.Name)?.ToString()).FirstOrDefault() switch
        {
            "float32" or "torch.float32" => DType.F32,
            "float16" or "torch.float16" => DType.F16,
            _ => DType.BF16,
        };
}
