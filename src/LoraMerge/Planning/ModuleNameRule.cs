using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace LoraMerge.Planning;

/// <summary>One way in which module paths of a live model become names of the files that the model was loaded from.</summary>
/// <param name="Name">What the printed plan calls it.</param>
/// <param name="Rewrites">Tried in this order on each path; the first that matches rewrites it.</param>
internal sealed record ModuleNameRule(string Name, ImmutableArray<(Regex From, string To)> Rewrites)
{
    /// <summary>Attributes that hold the bare model inside another; headless checkpoints leave them out, and wrappers add them.</summary>
    private static readonly string[] Prefixes =
        ["model", "transformer", "gpt_neox", "backbone", "bert", "roberta", "distilbert", "electra", "deberta", "vit", "encoder", "language_model", "text_model", "thinker"];

    /// <summary>Parts of vision-language models that moved below <c>model.</c> with transformers 4.52.</summary>
    private const string Towers = @"(?=vision_tower|vision_model|multi_modal_projector|image_newline|audio_tower|vision_embed_tokens|embed_vision|embed_audio)";

    /// <summary>All rules, the likeliest first; one is used only if it gives every adapted module a place of its own. transformers, <c>conversion_mapping.py</c> and <c>base_model_prefix</c> of each model.</summary>
    public static ImmutableArray<ModuleNameRule> All { get; } =
    [
        Create("as written"),
        Create("vision-language names before transformers 4.52",
            (@"^model\.language_model\.", "language_model.model."),
            (@"^lm_head(?=\.|$)", "language_model.lm_head"),
            ($@"^model\.{Towers}", "")),
        Create("vision-language names since transformers 4.52",
            (@"^language_model\.model\.", "model.language_model."),
            (@"^language_model\.lm_head(?=\.|$)", "lm_head"),
            ($"^{Towers}", "model.")),
        Create("Qwen2-VL names before transformers 4.52",
            (@"^model\.language_model\.", "model."),
            (@"^model\.(?=visual\.)", "")),
        Create("Qwen2-VL names since transformers 4.52",
            (@"^model\.(?!language_model\.|visual\.)", "model.language_model."),
            (@"^(?=visual\.)", "model.")),
        Create("expert names before transformers 5", (@"\.mlp\.router$", ".block_sparse_moe.gate"), (@"\.mlp\.(?=(shared_)?experts(\.|$)|gate$)", ".block_sparse_moe.")),
        Create("expert names since transformers 5", (@"\.block_sparse_moe\.", ".mlp.")),
        .. Prefixes.Select(prefix => Create($"without '{prefix}.'", ($@"^{prefix}\.", ""))),
        .. Prefixes.Select(prefix => Create($"with '{prefix}.'", ("^(?!lm_head$)", $"{prefix}."))),
        Create("text names of a vision-language model",
            (@"^model\.", "language_model.model."),
            (@"^lm_head(?=\.|$)", "language_model.lm_head")),
        Create("vision-language names of a text model",
            (@"^language_model\.(?=model\.|lm_head)", ""),
            (@"^model\.language_model\.", "model.")),
        Create("without 'module.' of DistributedDataParallel", (@"(?<=^|\.)module\.", "")),
    ];

    public string Apply(string module)
    {
        foreach ((Regex from, string to) in Rewrites)
        {
            if (from.IsMatch(module))
                return from.Replace(module, to, 1);
        }
        return module;
    }

    private static ModuleNameRule Create(string name, params (string From, string To)[] rewrites) =>
        new(name, [.. rewrites.Select(r => (new Regex(r.From, RegexOptions.CultureInvariant), r.To))]);
}
