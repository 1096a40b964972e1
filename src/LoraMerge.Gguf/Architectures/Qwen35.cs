using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3.5, the part for text, that for images left out.</summary>
internal class Qwen35 : QwenHybrid
{
    private static readonly long[] s_usualSections = [11, 11, 10, 0];

    public override string Name => "qwen35";

    public override ImmutableArray<string> Classes => ["Qwen3_5ForConditionalGeneration", "Qwen3_5ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 32, "num_attention_heads": 16, "num_key_value_heads": 4,
          "head_dim": 256, "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "partial_rotary_factor": 0.25, "tie_word_embeddings": false, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
          "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "full_attention_interval": 4 }
        """;

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Counts("rope.dimension_sections", ImageText.HasSections(config) ? ImageText.SectionsOf(config) : s_usualSections);
    }

    protected override IEnumerable<TensorRule> Projections =>
    [
        Values(DecoderTensors.Of("attn_qkv.weight", "linear_attn.in_proj_qkv.weight", "conv h"), 0, sizes => 2 * sizes["keys"], sizes => sizes["dv"]),
        Values(DecoderTensors.Of("attn_gate.weight", "linear_attn.in_proj_z.weight", "values h"), 0, _ => 0, sizes => sizes["dv"]),
        PerHead(DecoderTensors.Of("ssm_beta.weight", "linear_attn.in_proj_b.weight", "lv h")),
        PerHead(DecoderTensors.Of("ssm_alpha.weight", "linear_attn.in_proj_a.weight", "lv h")),
    ];

    protected override IEnumerable<TensorRule> FeedForward => DecoderTensors.FeedForward;

    /// <summary>
    /// Heads of values lie beside each other that share a head of keys; readers take first one of each head of keys, then the next of each.
    /// </summary>
    protected override TensorRule Values(TensorRule rule, int axis, Func<Sizes, long> first, Func<Sizes, long> size) => rule.Then(sizes =>
    {
        long each = sizes["lv"] / sizes["lk"];
        IEnumerable<(long, long)> heads =
            from turn in Enumerable.Range(0, (int)each)
            from key in Enumerable.Range(0, (int)sizes["lk"])
            select (first(sizes) + (((key * each) + turn) * size(sizes)), size(sizes));
        return new Step.Arrange(axis, [(0, first(sizes)), .. heads]);
    });
}
