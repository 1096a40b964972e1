using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>DeepSeek V2 and V2 Lite: experts chosen by softmax, without a bias.</summary>
internal sealed class DeepSeek2 : DeepSeek3
{
    public override ImmutableArray<string> Classes => ["DeepseekV2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "moe_intermediate_size": 1407, "num_hidden_layers": 32,
          "num_attention_heads": 32, "num_key_value_heads": 32, "n_shared_experts": 2, "n_routed_experts": 64,
          "routed_scaling_factor": 1.0, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "v_head_dim": 128,
          "qk_nope_head_dim": 128, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 0, "moe_layer_freq": 1,
          "norm_topk_prob": false, "scoring_func": "softmax", "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
          "rope_theta": 10000.0, "rope_interleave": true, "tie_word_embeddings": false }
        """;

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckText(config, "scoring_func", "score experts by softmax", "softmax");
        CheckFlag(config, "norm_topk_prob", false, "scale the weights of the chosen experts also where they are normalised");
        CheckReal(config, "n_group", 1, "choose groups of experts by the two best of each, where this model takes the best one");
    }

    protected override bool HasBias => false;
}
