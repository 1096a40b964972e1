using System.Collections.Frozen;
using LoraMerge.Checkpoints;

namespace LoraMerge.Architectures;

/// <summary>The factor that some families' embedding modules multiply their rows with: of each embedding, as one model may have several.</summary>
internal static class EmbeddingScale
{
    /// <summary>Families whose factor is the root of the width. Gemma 1 and 2 multiply outside of the module, which changes nothing here.</summary>
    private static readonly FrozenSet<string> Gemmas = FrozenSet.ToFrozenSet(
        ["gemma3", "gemma3_text", "gemma3n", "gemma3n_text", "gemma4", "gemma4_text", "t5gemma2", "t5gemma2_text", "t5gemma2_decoder"], StringComparer.Ordinal);

    /// <summary>Families whose factor is the root of a width where <c>scale_embedding</c> is set, with the field that states the width.</summary>
    private static readonly FrozenDictionary<string, string> WidthOfFamily = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bart"] = "d_model",
        ["bigbird_pegasus"] = "d_model",
        ["biogpt"] = "hidden_size",
        ["blenderbot"] = "d_model",
        ["blenderbot-small"] = "d_model",
        ["m2m_100"] = "d_model",
        ["mbart"] = "d_model",
        ["nllb-moe"] = "d_model",
        ["pegasus"] = "d_model",
        ["pegasus_x"] = "d_model",
        ["plbart"] = "d_model",
        ["seamless_m4t"] = "hidden_size",
        ["seamless_m4t_v2"] = "hidden_size",
        ["trocr"] = "d_model",
        ["xglm"] = "d_model",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The factor that the base multiplies the rows of an embedding with; 1 for nearly all.</summary>
    /// <param name="config">config.json.</param>
    /// <param name="module">The embedding's path in the base's files, or the name of its tensor.</param>
    public static double Of(ModelConfig config, string module)
    {
        string[] path = module.Split('.');
        bool isPosition = path.Any(part => part is "embed_positions" or "position_embeddings" or "wpe" or "patch_embedding");
        ConfigPart part = config.PartOf(module);
        if (isPosition || part.ModelType is not string family)
            return 1;
        if (Gemmas.Contains(family))
            return path.Contains("embed_tokens_per_layer") ? Root("hidden_size_per_layer_input") : path.Contains("embed_tokens") ? Root("hidden_size") : 1;
        return WidthOfFamily.TryGetValue(family, out string? field) && part.Flag("scale_embedding") ? Root(field) : 1;

        double Root(string name) => part.Number(name) is double width ? Math.Sqrt(width) : 1;
    }
}
