using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Mistral Small 3 and Ministral 3, the part for text, that for images left out: Llama's tensors, and queries that grow with the context.</summary>
internal sealed class Mistral3 : Llama
{
    private const string Ministral = "ministral3";
    private const string TemperatureScale = "attention.temperature_scale";

    public override string Name => "mistral3";

    public override ImmutableArray<string> Classes => ["Mistral3ForConditionalGeneration", "Ministral3ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
          "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false }
        """;

    /// <summary>As a Mistral, which computes the text of a Mistral Small alike.</summary>
    public override JsonObject? Restore(GgufKeys keys) => keys.RealOrNull(TemperatureScale) is null
        ? RestoreSizes(keys, "mistral", "MistralForCausalLM")
        : throw keys.NotRestorable(TemperatureScale, "none");

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        if (config.TextOrNull("model_type") is { } type && type is not ("mistral" or "mistral3" or Ministral))
            throw NotSayable("model_type", $"\"{type}\"", "compute the text of a Mistral or a Ministral");
        RopeScaling rope = RopeScaling.Of(config);
        if (IsMinistral(config) && (rope.Kind != "yarn" || rope.RealOrNull("mscale") != rope.RealOrNull("mscale_all_dim")))
            throw NotSayable(rope.Field, $"\"{rope.Kind}\"", "scale rope as yarn, with mscale and mscale_all_dim alike");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        if (!IsMinistral(config))
            return;
        RopeScaling rope = RopeScaling.Of(config);
        keys.Real("rope.scaling.yarn_log_multiplier", rope.Real("mscale_all_dim"));
        keys.Real(TemperatureScale, rope.Real("llama_4_scaling_beta"));
    }

    private static bool IsMinistral(HuggingFaceConfig config) => config.TextOrNull("model_type") == Ministral;
}
