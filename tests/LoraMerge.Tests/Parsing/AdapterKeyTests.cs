using System.Collections.Immutable;
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
    [InlineData(
        "_orig_mod.base_model.model._fsdp_wrapped_module.model.layers.0._checkpoint_wrapped_module.q_proj.lora_B.weight",
        "model.layers.0.q_proj",
        "lora_B",
        "weight",
        null
    )]
    [InlineData(
        "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta",
        "model.embed_tokens",
        "token_adapter.trainable_tokens_delta",
        "weight",
        null
    )]
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

    /// <summary>What kinds other than LoRA have.</summary>
    [Theory]
    [InlineData("base_model.bank", "", RoleUse.Shared, "bank", null)]
    [InlineData("base_model.bank.default", "", RoleUse.Shared, "bank", null)]
    [InlineData("base_model.model.model.layers.0.q_proj.bank", "model.layers.0.q_proj", RoleUse.Shared, "bank", null)]
    [InlineData("base_model.steps.12", "", RoleUse.Shared, "steps", "12")]
    [InlineData("base_model.model.model.layers.0.q_proj.parts.0.weight", "model.layers.0.q_proj", RoleUse.Module, "parts", "0")]
    [InlineData("base_model.model.model.layers.0.q_proj.mix.left", "model.layers.0.q_proj", RoleUse.Module, "mix.left", null)]
    [InlineData("base_model.model.model.norm.tuned.weight", "model.norm", RoleUse.Parameter, "tuned", null)]
    [InlineData("base_model.model.model.norm.tuned.default.bias", "model.norm", RoleUse.Parameter, "tuned.bias", null)]
    [InlineData("base_model.model.model.embed_tokens.token_rows", "model.embed_tokens", RoleUse.Rows, "token_rows", null)]
    [InlineData("base_model.model.model.layers.0.q_proj.history.step.3", "model.layers.0.q_proj", RoleUse.Ignored, "history", null)]
    [InlineData("base_model.model.model.layers.0.q_proj.bias", "model.layers.0.q_proj", RoleUse.Parameter, null, null)]
    internal void Roles_of_any_kind_tell_module_use_and_key(string name, string module, RoleUse use, string? role, string? keyBehind)
    {
        ImmutableArray<TensorRole> roles =
        [
            new("bank") { Use = RoleUse.Shared },
            new("steps") { Use = RoleUse.Shared, IsKeyed = true },
            new("parts") { IsKeyed = true },
            new("mix.left"),
            new("left"),
            new("tuned") { Use = RoleUse.Parameter, Parameter = "weight" },
            new("tuned") { Use = RoleUse.Parameter, Parameter = "bias" },
            new("token_rows") { Use = RoleUse.Rows },
            new("history") { Use = RoleUse.Ignored },
        ];

        AdapterKey? key = AdapterKey.Parse(name, roles);

        Assert.Equal((module, use, role, keyBehind), (key?.Module, key?.Use, key?.Role?.Name, key?.Key));
    }
}
