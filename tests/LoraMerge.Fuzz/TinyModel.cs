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
}
