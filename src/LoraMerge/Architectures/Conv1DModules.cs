using System.Collections.Frozen;

namespace LoraMerge.Architectures;

/// <summary>Which modules are transformers' <c>Conv1D</c>: linear layers that a plain model stores <c>[in, out]</c>.</summary>
internal static class Conv1DModules
{
    private static readonly FrozenSet<string> Families =
        FrozenSet.ToFrozenSet(["gpt2", "openai-gpt", "imagegpt", "decision_transformer", "jais"], StringComparer.Ordinal);

    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(["c_attn", "c_proj", "c_fc", "c_fc2", "q_attn"], StringComparer.Ordinal);

    /// <summary>Whether the projections of a family are such modules.</summary>
    public static bool AreOf(string family) => Families.Contains(family);

    /// <summary>Whether a module is called as they are; other families have linear layers of these names.</summary>
    public static bool IsNamedLikeOne(string module) => Names.Contains(module[(module.LastIndexOf('.') + 1)..]);
}
