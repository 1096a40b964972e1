using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Dialects.Mlx;

/// <summary>Families whose weights mlx_lm changes when it loads them, so that its adapters are made for other numbers than the base's files hold.</summary>
/// <remarks><c>sanitize</c> of <c>mlx_lm/models</c>; mere renaming, stacking and turning round is undone by <see cref="MlxNames"/>.</remarks>
internal static class MlxFamilies
{
    /// <summary>The change, and whether it concerns whole tensors alone: a sum with a constant leaves what LoRA adds as it is.</summary>
    private static readonly (string Family, string Change, bool ConcernsWholeTensorsAlone)[] Changed =
    [
        ("falcon_h1", "its multipliers are multiplied in", false),
        ("qwen3_next", "1 is added to its norms", true),
        ("qwen3_5", "1 is added to its norms", true),
        ("qwen3_5_text", "1 is added to its norms", true),
        ("qwen3_5_moe", "1 is added to its norms", true),
        ("step3p5", "1 is added to its norms", true),
    ];

    /// <exception cref="LoraMergeException">LORA3045.</exception>
    public static void ThrowIfChanged(Adapter adapter, ModelConfig config)
    {
        foreach ((string family, string change, bool concernsWholeTensorsAlone) in Changed)
        {
            if (config.ModelType == family && (!concernsWholeTensorsAlone || !adapter.Parameters.IsEmpty))
                throw Errors.MlxFamilyChanged(adapter.Path, family, change);
        }
        if (config.ModelType is string type && HasNormalisedHead(type, config)
            && adapter.Modules.Select(module => module.Path).Concat(adapter.Parameters.Select(saved => saved.Module)).Any(VocabularyNames.IsHead))
            throw Errors.MlxFamilyChanged(adapter.Path, type, "the weights of its head are divided by their norms");
    }

    /// <summary>Whether the head is changed, and nothing else is.</summary>
    private static bool HasNormalisedHead(string family, ModelConfig config) =>
        family == "baichuan_m1" || (family is "bailing_moe" or "bailing_moe_linear" && config.PartOf("").Flag("norm_head"));
}
