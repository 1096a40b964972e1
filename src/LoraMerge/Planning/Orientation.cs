using System.Collections.Frozen;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Whether a weight is stored <c>[out, in]</c>, as linear layers are, or <c>[in, out]</c>, as GPT-2's are.</summary>
/// <remarks>Shapes decide; a square weight by its architecture. <c>fan_in_fan_out</c> of the adapter is wrong too often to decide.</remarks>
internal static class Orientation
{
    /// <summary>Families whose projections are transformers' <c>Conv1D</c>.</summary>
    private static readonly FrozenSet<string> Conv1DFamilies =
        FrozenSet.ToFrozenSet(["gpt2", "openai-gpt", "imagegpt", "decision_transformer"], StringComparer.Ordinal);

    private static readonly FrozenSet<string> Conv1DModules = FrozenSet.ToFrozenSet(["c_attn", "c_proj", "c_fc", "q_attn"], StringComparer.Ordinal);

    /// <summary>Whether the delta of <paramref name="module"/> has to be transposed to fit <paramref name="weight"/>.</summary>
    /// <exception cref="LoraMergeException">LORA4002: it fits neither way. LORA4004: it fits both ways and nothing decides. LORA4021.</exception>
    public static bool IsTransposed(AdapterModule module, StoredTensor weight, ModelConfig config, Adapter adapter)
    {
        if (module.IsEmbedding)
            return FitsTransposed(module, weight) ? true : throw Errors.ShapeMismatch(module, weight, adapter.Path);
        if (weight.Shape.Length > 2 && module.A.Shape.Length == weight.Shape.Length && module.A.Shape[1] > weight.Shape[1] && module.A.Shape[1] % weight.Shape[1] == 0)
            throw Errors.GroupedConvolution(module, weight, adapter.Path);
        bool fits = Fits(module, weight);
        bool fitsTransposed = FitsTransposed(module, weight);
        return (fits, fitsTransposed) switch
        {
            (true, false) => false,
            (false, true) => true,
            (false, false) => throw Errors.ShapeMismatch(module, weight, adapter.Path),
            _ when config.ModelType is string family => Conv1DFamilies.Contains(family) && Conv1DModules.Contains(module.Path.Split('.')[^1]),
            _ when !adapter.Config.HasFanInFanOutFlag => false,
            _ => throw Errors.OrientationAmbiguous(module.Path, weight, adapter.Path),
        };
    }

    /// <summary>Whether the delta fits a weight that is known to lie one way.</summary>
    public static bool Fits(AdapterModule module, StoredTensor weight, bool isTransposed) => isTransposed ? FitsTransposed(module, weight) : Fits(module, weight);

    /// <summary>A and B of linear layers, and of convolutions, whose kernels lie in A.</summary>
    private static bool Fits(AdapterModule module, StoredTensor weight) =>
        weight.Shape.Length >= 2
        && module.A.Shape.Length == weight.Shape.Length
        && module.OutputCount == weight.Shape[0]
        && module.A.Shape[1] * module.ABlocks == weight.Shape[1]
        && module.A.Shape.AsSpan()[2..].SequenceEqual(weight.Shape.AsSpan()[2..])
        && module.B.Shape.Skip(2).All(side => side == 1);

    private static bool FitsTransposed(AdapterModule module, StoredTensor weight) =>
        weight.Shape.Length == 2 && module.A.Shape.Length == 2 && module.B.Shape.Length == 2
        && module.A.Shape[1] * module.ABlocks == weight.Shape[0] && module.OutputCount == weight.Shape[1];
}
