using LoraMerge.Adapters;
using LoraMerge.Kinds.Lora;

namespace LoraMerge.Tests.Parsing;

public sealed class AdapterKeyTests
{
    [Theory]
    [InlineData("base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight", "model.layers.3.self_attn.q_proj", "lora_A", "weight", null)]
    [InlineData("base_model.model.transformer.h.0.attn.c_attn.lora_B.weight", "transformer.h.0.attn.c_attn", "lora_B", "weight", null)]
    [InlineData("base_model.model.model.layers.3.self_attn.q_proj.lora_B.bias", "model.layers.3.self_attn.q_proj", "lora_B.bias", "bias", null)]
    [InlineData("base_model.model.model.layers.3.self_attn.q_proj.lora_A.default.weight", "model.layers.3.self_attn.q_proj", "lora_A", "weight", "default")]
    [InlineData("model.layers.3.self_attn.q_proj.lora_A.weight", "model.layers.3.self_attn.q_proj", "lora_A", "weight", null)]
    [InlineData("module.base_model.model.model.q_proj.lora_A.weight", "model.q_proj", "lora_A", "weight", null)]
    [InlineData("_orig_mod.base_model.model._fsdp_wrapped_module.model.layers.0._checkpoint_wrapped_module.q_proj.lora_B.weight", "model.layers.0.q_proj", "lora_B", "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", "model.embed_tokens", "token_adapter.trainable_tokens_delta", "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.base_layer.weight", "model.embed_tokens", "BaseLayer", "weight", null)]
    [InlineData("base_model.model.score.modules_to_save.default.weight", "score", "SavedCopy", "weight", "default")]
    [InlineData("base_model.model.classifier.modules_to_save.dense.weight", "classifier.dense", "SavedCopy", "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.token_adapter.base_layer.weight", "model.embed_tokens", "BaseLayer", "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.lora_embedding_A", "model.embed_tokens", "lora_embedding_A", "weight", null)]
    [InlineData("base_model.model.model.embed_tokens.lora_embedding_B.default", "model.embed_tokens", "lora_embedding_B", "weight", "default")]
    [InlineData("base_model.model.model.q_proj.lora_magnitude_vector", "model.q_proj", "lora_magnitude_vector", "weight", null)]
    [InlineData("base_model.model.model.q_proj.lora_magnitude_vector.weight", "model.q_proj", "lora_magnitude_vector", "weight", null)]
    [InlineData("base_model.model.model.q_proj.lora_magnitude_vector.default.weight", "model.q_proj", "lora_magnitude_vector", "weight", "default")]
    [InlineData("base_model.model.model.q_proj.lora_diag", "model.q_proj", "lora_diag", "weight", null)]
    [InlineData("base_model.model.mlp.experts.base_layer.lora_A.weight", "mlp.experts.base_layer", "lora_A", "weight", null)]
    [InlineData("base_model.model.score.weight", "score", "Parameter", "weight", null)]
    [InlineData("base_model.model.model.norm.running_mean", "model.norm", "Parameter", "running_mean", null)]
    public void A_name_is_taken_apart(string name, string module, string role, string parameter, string? adapterName)
    {
        AdapterKey? key = AdapterKey.Parse(name, LoraRoles.All);

        Assert.Equal((module, role, parameter, adapterName), (key?.Module, key?.Role?.Name ?? key?.Use.ToString(), key?.Parameter, key?.AdapterName));
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
        Assert.Null(AdapterKey.Parse(name, LoraRoles.All));
    }

    [Theory]
    [InlineData("base_model.model.model.score.original_module.weight")]
    [InlineData("base_model.model.model.q_proj.lora_velora_embed")]
    [InlineData("base_model.model.model.q_proj.lora_monteclora_sampler.std_prior")]
    public void What_only_training_needs_is_unused(string name)
    {
        Assert.Equal(RoleUse.Ignored, AdapterKey.Parse(name, LoraRoles.All)?.Use);
    }
}
