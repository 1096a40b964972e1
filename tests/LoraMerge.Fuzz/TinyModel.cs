namespace LoraMerge.Fuzz;

/// <summary>A sound base and a sound adapter, of which a target spoils one file.</summary>
internal static class TinyModel
{
    public static ReadOnlySpan<byte> FirstHalf => """
        {"model.embed_tokens.weight":{"dtype":"BF16","shape":[8,4],"data_offsets":[0,64]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[4,4],"data_offsets":[64,96]}}
        """u8;

    public static ReadOnlySpan<byte> SecondHalf => """
        {"model.layers.1.mlp.up_proj.weight":{"dtype":"BF16","shape":[6,4],"data_offsets":[0,48]},"lm_head.weight":{"dtype":"BF16","shape":[8,4],"data_offsets":[48,112]}}
        """u8;

    public static ReadOnlySpan<byte> Weights => """
        {"model.embed_tokens.weight":{"dtype":"BF16","shape":[8,4],"data_offsets":[0,64]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[4,4],"data_offsets":[64,96]},"model.layers.0.self_attn.q_proj.bias":{"dtype":"BF16","shape":[4],"data_offsets":[96,104]},"model.layers.1.mlp.experts.gate_up_proj":{"dtype":"BF16","shape":[2,4,6],"data_offsets":[104,200]},"lm_head.weight":{"dtype":"BF16","shape":[8,4],"data_offsets":[200,264]}}
        """u8;

    public static ReadOnlySpan<byte> Config => """
        {"model_type":"llama","torch_dtype":"bfloat16","tie_word_embeddings":false,"vocab_size":8,"num_hidden_layers":2}
        """u8;

    public static ReadOnlySpan<byte> AdapterWeights => """
        {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},"base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight":{"dtype":"F32","shape":[4,2],"data_offsets":[32,64]}}
        """u8;

    public static ReadOnlySpan<byte> AdapterConfig => """
        {"peft_type":"LORA","r":2,"lora_alpha":4,"base_model_name_or_path":"tiny/llama"}
        """u8;

    /// <summary>An adapter of a layer with its bias, both ends of the vocabulary, experts as a parameter, one expert, and a norm.</summary>
    public static ReadOnlySpan<byte> BroadAdapterWeights => """
        {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight":{"dtype":"F32","shape":[4,2],"data_offsets":[32,64]},
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias":{"dtype":"F32","shape":[4],"data_offsets":[64,80]},
        "base_model.model.model.embed_tokens.lora_embedding_A":{"dtype":"F32","shape":[2,8],"data_offsets":[80,144]},
        "base_model.model.model.embed_tokens.lora_embedding_B":{"dtype":"F32","shape":[4,2],"data_offsets":[144,176]},
        "base_model.model.lm_head.lora_A.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[176,208]},
        "base_model.model.lm_head.lora_B.weight":{"dtype":"F32","shape":[8,2],"data_offsets":[208,272]},
        "base_model.model.model.layers.1.mlp.experts.lora_A.weight":{"dtype":"F32","shape":[4,6],"data_offsets":[272,368]},
        "base_model.model.model.layers.1.mlp.experts.lora_B.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[368,432]},
        "base_model.model.model.layers.0.mlp.experts.0.gate_proj.lora_A.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[432,464]},
        "base_model.model.model.layers.0.mlp.experts.0.gate_proj.lora_B.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[464,488]},
        "base_model.model.model.norm.weight":{"dtype":"F32","shape":[4],"data_offsets":[488,504]}}
        """u8;

    public static ReadOnlySpan<byte> BroadAdapterConfig => """
        {"peft_type":"LORA","r":2,"lora_alpha":4,"target_parameters":["mlp.experts.gate_up_proj"]}
        """u8;

    /// <summary>A Llama that can be written as GGUF.</summary>
    public static ReadOnlySpan<byte> TalkerWeights => """
        {"model.embed_tokens.weight":{"dtype":"F32","shape":[8,32],"data_offsets":[0,1024]},
        "model.norm.weight":{"dtype":"F32","shape":[32],"data_offsets":[1024,1152]},
        "lm_head.weight":{"dtype":"F32","shape":[8,32],"data_offsets":[1152,2176]},
        "model.layers.0.input_layernorm.weight":{"dtype":"F32","shape":[32],"data_offsets":[2176,2304]},
        "model.layers.0.post_attention_layernorm.weight":{"dtype":"F32","shape":[32],"data_offsets":[2304,2432]},
        "model.layers.0.mlp.gate_proj.weight":{"dtype":"F32","shape":[64,32],"data_offsets":[2432,10624]},
        "model.layers.0.mlp.up_proj.weight":{"dtype":"F32","shape":[64,32],"data_offsets":[10624,18816]},
        "model.layers.0.mlp.down_proj.weight":{"dtype":"F32","shape":[32,64],"data_offsets":[18816,27008]},
        "model.layers.0.self_attn.q_proj.weight":{"dtype":"F32","shape":[32,32],"data_offsets":[27008,31104]},
        "model.layers.0.self_attn.k_proj.weight":{"dtype":"F32","shape":[32,32],"data_offsets":[31104,35200]},
        "model.layers.0.self_attn.v_proj.weight":{"dtype":"F32","shape":[32,32],"data_offsets":[35200,39296]},
        "model.layers.0.self_attn.o_proj.weight":{"dtype":"F32","shape":[32,32],"data_offsets":[39296,43392]}}
        """u8;

    public static ReadOnlySpan<byte> TalkerAdapterWeights => """
        {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[0,256]},
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight":{"dtype":"F32","shape":[32,2],"data_offsets":[256,512]}}
        """u8;
}
