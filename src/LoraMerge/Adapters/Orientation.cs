using System.Collections.Frozen;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Whether a weight is stored <c>[out, in]</c>, as linear layers are, or <c>[in, out]</c>, as GPT-2's are, where shapes do not decide.</summary>
/// <remarks><c>fan_in_fan_out</c> of the adapter is wrong too often to decide.</remarks>
internal static class Orientation
{
    /// <summary>Families whose projections are transformers' <c>Conv1D</c>.</summary>
    private static readonly FrozenSet<string> Conv1DFamilies =
        FrozenSet.ToFrozenSet(["gpt2", "openai-gpt", "imagegpt", "decision_transformer"], StringComparer.Ordinal);

    private static readonly FrozenSet<string> Conv1DModules = FrozenSet.ToFrozenSet(["c_attn", "c_proj", "c_fc", "q_attn"], StringComparer.Ordinal);

    /// <summary>Whether a weight that fits both ways is stored <c>[in, out]</c>: what the architecture of its part of the model says.</summary>
    /// <exception cref="LoraMergeException">LORA4004: nothing decides.</exception>
    public static bool OfSquare(string module, TensorSource weight, ModelConfig config, Adapter adapter)
    {
        if (config.PartOf(weight.Name).ModelType is string family)
            return Conv1DFamilies.Contains(family) && Conv1DModules.Contains(module.Split('.')[^1]);
        return adapter.Config.HasFanInFanOutFlag ? throw Errors.OrientationAmbiguous(module, weight, adapter.Path) : false;
    }
}
