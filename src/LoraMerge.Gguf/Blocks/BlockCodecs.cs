using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Blocks;

/// <summary>All types whose values can be read; integers and intermediate types of a running model are not among them.</summary>
internal static class BlockCodecs
{
    private static readonly FrozenDictionary<GgufType, BlockCodec> ByType = new BlockCodec[]
    {
        new(GgufType.F32, F32.Dequantise, F32.Quantise),
        new(GgufType.F16, F16.Dequantise, F16.Quantise),
        new(GgufType.BF16, BF16.Dequantise, BF16.Quantise),
        new(GgufType.Q8_0, Q80.Dequantise, Q80.Quantise),
        new(GgufType.Q4_0, Q40.Dequantise, Q40.Quantise),
        new(GgufType.Q4_1, Q41.Dequantise, Q41.Quantise),
        new(GgufType.Q5_0, Q50.Dequantise, Q50.Quantise),
        new(GgufType.Q5_1, Q51.Dequantise, Q51.Quantise),
        new(GgufType.Q2_K, Q2K.Dequantise),
        new(GgufType.Q3_K, Q3K.Dequantise),
        new(GgufType.Q4_K, Q4K.Dequantise, Q4K.Quantise),
        new(GgufType.Q5_K, Q5K.Dequantise, Q5K.Quantise),
        new(GgufType.Q6_K, Q6K.Dequantise, Q6K.Quantise),
        new(GgufType.IQ1_S, IQ1S.Dequantise),
        new(GgufType.IQ1_M, IQ1M.Dequantise),
        new(GgufType.IQ2_XXS, IQ2XXS.Dequantise),
        new(GgufType.IQ2_XS, IQ2XS.Dequantise),
        new(GgufType.IQ2_S, IQ2S.Dequantise),
        new(GgufType.IQ3_XXS, IQ3XXS.Dequantise),
        new(GgufType.IQ3_S, IQ3S.Dequantise),
        new(GgufType.IQ4_NL, IQ4NL.Dequantise),
        new(GgufType.IQ4_XS, IQ4XS.Dequantise),
        new(GgufType.MXFP4, MXFP4.Dequantise),
        new(GgufType.NVFP4, NVFP4.Dequantise),
        new(GgufType.TQ1_0, TQ10.Dequantise),
        new(GgufType.TQ2_0, TQ20.Dequantise),
    }.ToFrozenDictionary(codec => codec.Type);

    public static IEnumerable<BlockCodec> All => ByType.Values.OrderBy(codec => codec.Type);

    /// <summary>The codec of a type; false where its values cannot be read.</summary>
    public static bool TryFind(GgufType type, [NotNullWhen(true)] out BlockCodec? codec) => ByType.TryGetValue(type, out codec);
}
