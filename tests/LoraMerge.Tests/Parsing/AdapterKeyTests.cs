using LoraMerge.Adapters;

namespace LoraMerge.Tests.Parsing;

public sealed class AdapterKeyTests
{
    [Theory]
    [InlineData("base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight", "model.layers.3.self_attn.q_proj", AdapterLeaf.LoraA, "weight", null)]
    [InlineData("base_model.model.transformer.h.0.attn.c_attn.lora_B.weight", "transformer.h.0.attn.c_attn", AdapterLeaf.LoraB, "weight", null)]
    [InlineData("base_model.model.model.layers.3.self_attn.q_proj.lora_B.bias", "model.layers.3.self_attn.q_proj", AdapterLeaf.LoraBBias, "bias", null)]
    [InlineData("base_model.model.model.layers.3.self_attn.q_proj.lora_A.default.weight", "model.layers.3.self_attn.q_proj", AdapterLeaf.LoraA, "weight", "default")]
    [InlineData("model.layers.3.self_attn.q_proj.lora_A.weight", "model.layers.3.self_attn.q_proj", AdapterLeaf.LoraA, "weight", null)]
    [InlineData("module.base_model.model.model.q_proj.lora_A.weight", "model.q_proj", AdapterLeaf.LoraA, "weight", null)]
    [InlineData("_orig_mod.base_model.model._fsdp_wrapped_module.model.layers.0._checkpoint_wrapped_module.q_proj.lora_B.weight", "model.layers.0.q_proj", AdapterLeaf.LoraB, "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", "model.embed_tokens", AdapterLeaf.TokenRows, "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.base_layer.weight", "model.embed_tokens", AdapterLeaf.BaseLayer, "weight", null)]
    [InlineData("base_model.model.score.modules_to_save.default.weight", "score", AdapterLeaf.SavedCopy, "weight", "default")]
    [InlineData("base_model.model.classifier.modules_to_save.dense.weight", "classifier.dense", AdapterLeaf.SavedCopy, "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.token_adapter.base_layer.weight", "model.embed_tokens", AdapterLeaf.BaseLayer, "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.lora_embedding_A", "model.embed_tokens", AdapterLeaf.LoraEmbeddingA, "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.lora_embedding_B.default", "model.embed_tokens", AdapterLeaf.LoraEmbeddingB, "weight", "default")]
    [InlineData("base_model.model.model.q_proj.lora_magnitude_vector", "model.q_proj", AdapterLeaf.Magnitude, "weight", null)]
    [InlineData("base_model.model.model.q_proj.lora_magnitude_vector.weight", "model.q_proj", AdapterLeaf.Magnitude, "weight", null)]
    [InlineData("base_model.model.model.q_proj.lora_magnitude_vector.default.weight", "model.q_proj", AdapterLeaf.Magnitude, "weight", "default")]
    [InlineData("base_model.model.model.q_proj.lora_diag", "model.q_proj", AdapterLeaf.Diagonal, "weight", null)]
    [InlineData("base_model.model.mlp.experts.base_layer.lora_A.weight", "mlp.experts.base_layer", AdapterLeaf.LoraA, "weight", null)]
    [InlineData("base_model.model.score.weight", "score", AdapterLeaf.Parameter, "weight", null)]
    [InlineData("base_model.model.model.norm.running_mean", "model.norm", AdapterLeaf.Parameter, "running_mean", null)]
    public void A_name_is_taken_apart(string name, string module, AdapterLeaf leaf, string parameter, string? adapterName)
    {
        Assert.Equal(new AdapterKey(module, leaf, parameter, adapterName), AdapterKey.Parse(name));
    }

    [Theory]
    [InlineData("base_model.model.model.q_proj.lora_A.alpha")]
    [InlineData("base_model.model.model.q_proj.lora_A.bias")]
    [InlineData("base_model.model.model.q_proj.lora_C.weight")]
    [InlineData("base_model.vera_A")]
    [InlineData("weight")]
    [InlineData("")]
    [InlineData("lora_A.weight")]
    public void A_name_of_no_lora_file_is_none(string name)
    {
        Assert.Null(AdapterKey.Parse(name));
    }

    [Theory]
    [InlineData("base_model.model.model.score.original_module.weight")]
    [InlineData("base_model.model.model.q_proj.lora_velora_embed")]
    [InlineData("base_model.model.model.q_proj.lora_monteclora_sampler.std_prior")]
    public void What_only_training_needs_is_unused(string name)
    {
        Assert.Equal(AdapterLeaf.Unused, AdapterKey.Parse(name)?.Leaf);
    }
}
