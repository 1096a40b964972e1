using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Layout;

/// <summary>Which tensor gets which type: llama.cpp's own choice, without options.</summary>
/// <remarks>
/// K types keep more bits where they matter most: the head, and in some layers the values of attention and the way down. Counts run over the tensors
/// in the order of layers, then of names. A type whose blocks do not divide a row gives way to one of smaller blocks, and that to F16.
/// </remarks>
internal sealed partial class TensorTypeChoice
{
    private readonly GgufQuantization _quantization;
    private readonly long _layers;
    private readonly long _experts;
    private readonly bool _isSeventyBillion;
    private readonly bool _hasHead;
    private readonly ImmutableArray<string> _values; // tensors of attention's values, in order

    /// <param name="quantization">What was asked for.</param>
    /// <param name="architecture">GGUF's name of it.</param>
    /// <param name="layers">Their number.</param>
    /// <param name="experts">Their number; 0 where there are none.</param>
    /// <param name="hasGroupedHeads">Whether there are fewer key-value heads than heads.</param>
    /// <param name="names">All tensors of the file.</param>
    public TensorTypeChoice(GgufQuantization quantization, string architecture, long layers, long experts, bool hasGroupedHeads, IEnumerable<string> names)
    {
        _quantization = quantization;
        _layers = layers;
        _experts = experts;
        _isSeventyBillion = architecture is "llama" or "qwen2" && layers == 80 && hasGroupedHeads;
        string[] all = [.. names];
        _hasHead = all.Contains("output.weight");
        _values = [.. all.Where(IsValues).OrderBy(LayerOf).ThenBy(name => name, StringComparer.Ordinal)];
    }

    /// <summary>The type of a tensor.</summary>
    /// <param name="name">In the file.</param>
    /// <param name="shape">Rows first.</param>
    public GgufType Of(string name, ImmutableArray<long> shape)
    {
        if (IsAlwaysF32(name, shape))
            return GgufType.F32;
        GgufType main = _quantization.MainType();
        if (_quantization is GgufQuantization.F32 or GgufQuantization.F16 or GgufQuantization.BF16)
            return main;
        if (_quantization != GgufQuantization.Q8_0 && IsNeverQuantised(name))
            return GgufType.F32;
        return Fitting(_quantization == GgufQuantization.Q8_0 ? main : Choose(name, shape, main), shape[^1]);
    }

    /// <summary>Norms, biases and small tensors, which readers compute with as they are; a norm of another type ends their process.</summary>
    private static bool IsAlwaysF32(string name, ImmutableArray<long> shape) =>
        shape.Length < 2
        || name.EndsWith("_norm.weight", StringComparison.Ordinal)
        || !name.EndsWith(".weight", StringComparison.Ordinal)
        || name.Contains(".ffn_gate_inp", StringComparison.Ordinal)
        || name.EndsWith("position_embd.weight", StringComparison.Ordinal)
        || name.EndsWith("shortconv.conv.weight", StringComparison.Ordinal)
        || name.EndsWith("ssm_conv1d.weight", StringComparison.Ordinal)
        || name.EndsWith("altup_correct_coef.weight", StringComparison.Ordinal)
        || name.EndsWith("altup_predict_coef.weight", StringComparison.Ordinal);

    /// <summary>Small matrices of Gemma 3n and 4, which llama.cpp's quantiser leaves as they are. Its converter gives them Q8_0.</summary>
    private static bool IsNeverQuantised(string name) =>
        name.Contains("altup", StringComparison.Ordinal)
        || name.Contains("laurel", StringComparison.Ordinal)
        || name.Contains("per_layer_model_proj", StringComparison.Ordinal);

    private GgufType Choose(string name, ImmutableArray<long> shape, GgufType main)
    {
        if (name == "output.weight" || (name is "token_embd.weight" or "per_layer_token_embd.weight" && !_hasHead))
            return shape[^1] % main.ElementsPerBlock() != 0 ? GgufType.Q8_0 : GgufType.Q6_K;
        if (IsValues(name))
            return ChooseValues(_values.IndexOf(name), main);
        if (name.Contains("attn_k.weight", StringComparison.Ordinal))
            return _experts == 8 ? GgufType.Q8_0 : main;
        if (name.Contains("ffn_down", StringComparison.Ordinal))
            return ChooseDown(LayerOf(name), main);
        bool isOutput = name.Contains("attn_output.weight", StringComparison.Ordinal);
        return isOutput && _experts == 8 && main == GgufType.Q4_K ? GgufType.Q5_K : main;
    }

    private GgufType ChooseValues(int index, GgufType main)
    {
        if (_experts == 8)
            return GgufType.Q8_0;
        GgufType type = _quantization switch
        {
            GgufQuantization.Q4_K_M or GgufQuantization.Q5_K_M when WantsMoreBits(index, _values.Length) => GgufType.Q6_K,
            GgufQuantization.Q4_K_S when index < 4 => GgufType.Q5_K,
            _ => main,
        };
        return _isSeventyBillion && type == GgufType.Q4_K ? GgufType.Q5_K : type;
    }

    private GgufType ChooseDown(long layer, GgufType main) => _quantization switch
    {
        GgufQuantization.Q4_K_M or GgufQuantization.Q5_K_M when WantsMoreBits(layer, _layers) => GgufType.Q6_K,
        GgufQuantization.Q4_K_S when layer < _layers / 8 => GgufType.Q5_K,
        _ => main,
    };

    /// <summary>The first and last eighth, and every third of those between.</summary>
    private static bool WantsMoreBits(long index, long count) => index < count / 8 || index >= 7 * count / 8 || (index - (count / 8)) % 3 == 2;

    private static GgufType Fitting(GgufType type, long rowLength)
    {
        if (rowLength % type.ElementsPerBlock() == 0)
            return type;
        GgufType smaller = type switch
        {
            GgufType.Q4_K => GgufType.Q5_0,
            GgufType.Q5_K => GgufType.Q5_1,
            GgufType.Q6_K => GgufType.Q8_0,
            _ => GgufType.F16,
        };
        return rowLength % smaller.ElementsPerBlock() == 0 ? smaller : GgufType.F16;
    }

    private static bool IsValues(string name) =>
        name.Contains("attn_v.weight", StringComparison.Ordinal) || name.Contains("attn_qkv.weight", StringComparison.Ordinal);

    private static long LayerOf(string name) =>
        Layer.Match(name) is { Success: true } match ? long.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture) : -1;

    [GeneratedRegex(@"^blk\.(?<layer>\d+)\.")]
    private static partial Regex Layer { get; }
}
