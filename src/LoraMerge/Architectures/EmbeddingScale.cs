using System.Collections.Frozen;
using LoraMerge.Checkpoints;

namespace LoraMerge.Architectures;

/// <summary>The factor that some families' embedding modules multiply their rows with.</summary>
internal static class EmbeddingScale
{
    /// <summary>Families whose factor is the root of <c>hidden_size</c>. Gemma 1 and 2 multiply outside of the module, which changes nothing here.</summary>
    private static readonly FrozenSet<string> Gemmas = FrozenSet.ToFrozenSet(["gemma3", "gemma3_text", "gemma3n", "gemma3n_text"], StringComparer.Ordinal);

    /// <summary>Families whose factor is the root of <c>d_model</c> where <c>scale_embedding</c> is set.</summary>
    private static readonly FrozenSet<string> Barts =
        FrozenSet.ToFrozenSet(["bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "m2m_100", "mbart", "pegasus", "plbart"], StringComparer.Ordinal);

    /// <summary>The factor that the base multiplies the rows of its input embeddings with; 1 for nearly all.</summary>
    public static double Of(ModelConfig config)
    {
        if (config.ModelType is not string family)
            return 1;
        if (Gemmas.Contains(family) && config.Number("hidden_size") is double size)
            return Math.Sqrt(size);
        return Barts.Contains(family) && config.Flag("scale_embedding") && config.Number("d_model") is double width ? Math.Sqrt(width) : 1;
    }
}
