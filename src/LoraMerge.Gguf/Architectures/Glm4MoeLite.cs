using System.Collections.Immutable;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>GLM 4.7 Flash: DeepSeek V3 with GLM's tokenizer.</summary>
internal sealed class Glm4MoeLite : DeepSeek3
{
    public override ImmutableArray<string> Classes => ["Glm4MoeLiteForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 10240, "moe_intermediate_size": 1536, "num_hidden_layers": 47,
          "num_attention_heads": 20, "num_key_value_heads": 20, "n_shared_experts": 1, "n_routed_experts": 64,
          "routed_scaling_factor": 1.8, "kv_lora_rank": 512, "q_lora_rank": 768, "qk_rope_head_dim": 64, "v_head_dim": 256,
          "qk_nope_head_dim": 192, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 4, "first_k_dense_replace": 1, "moe_layer_freq": 1,
          "norm_topk_prob": true, "scoring_func": "sigmoid", "hidden_act": "silu", "max_position_embeddings": 202752, "rms_norm_eps": 1e-5,
          "rope_theta": 10000.0, "rope_interleave": true, "tie_word_embeddings": false }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => Glm4Moe.TokenizerOfGlm;
}
