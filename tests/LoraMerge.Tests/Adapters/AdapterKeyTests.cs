using LoraMerge.Adapters;
using LoraMerge.Dialects;
using LoraMerge.Kinds.Lora;

namespace LoraMerge.Tests.Adapters;

/// <summary>What wrappers, raw dumps and old releases leave in the names of tensors is taken out.</summary>
public sealed class AdapterKeyTests
{
    [Theory]
    [InlineData("base_model.model.model.layers.0.q_proj.lora_A.weight", "model.layers.0.q_proj", "lora_A", null)]
    [InlineData("base_model.model.model.layers.0.q_proj.lora_A.default.weight", "model.layers.0.q_proj", "lora_A", "default")]
    [InlineData("_orig_mod.base_model.model.model.layers.0.q_proj.lora_B.weight", "model.layers.0.q_proj", "lora_B", null)]
    [InlineData("base_model.model._orig_mod.model.layers.0._orig_mod.q_proj.lora_B.weight", "model.layers.0.q_proj", "lora_B", null)]
    [InlineData("module.base_model.model.model.layers.0.q_proj.lora_A.weight", "model.layers.0.q_proj", "lora_A", null)]
    [InlineData("base_model.model.module.model.layers.0.q_proj.lora_A.weight", "model.layers.0.q_proj", "lora_A", null)]
    [InlineData("base_model.model.embed.lora_embedding_A.default", "embed", "lora_embedding_A", "default")]
    [InlineData("base_model.model.q.lora_magnitude_vector.default.weight", "q", "lora_magnitude_vector", "default")]
    [InlineData("base_model.model.score.modules_to_save.default.weight", "score", "SavedCopy", "default")]
    [InlineData("base_model.model.classifier.modules_to_save.default.dense.weight", "classifier.dense", "SavedCopy", "default")]
    [InlineData("base_model.model.classifier.modules_to_save.dense.weight", "classifier.dense", "SavedCopy", null)]
    [InlineData("base_model.model.classifier.original_module.weight", "classifier", "original_module", null)]
    [InlineData("base_model.model.q.base_layer.bias", "q", "BaseLayer", null)]
    [InlineData("base_model.model.q.bias", "q", "Parameter", null)]
    public void Key_is_taken_apart(string name, string module, string role, string? adapterName)
    {
        AdapterKey? key = AdapterKey.Parse(name, LoraRoles.All);

        Assert.NotNull(key);
        Assert.Equal((module, role, adapterName), (key.Module, key.Role?.Name ?? key.Use.ToString(), key.AdapterName));
    }

    [Theory]
    [InlineData("lora_unet_down_blocks_0_attn1_to_q.lora_down.weight", "kohya's sd-scripts")]
    [InlineData("lora_te_text_model_q_proj.alpha", "kohya's sd-scripts")]
    [InlineData("lycoris_blocks_0_attn.hada_w1_a", "LyCORIS")]
    [InlineData("lora_unet_mid_block.lokr_w1", "LyCORIS")]
    [InlineData("unet.down_blocks.0.attn1.to_q.lora_A.weight", "diffusers")]
    [InlineData("down_blocks.0.attn1.processor.to_k_lora.down.weight", "diffusers")]
    [InlineData("base_model.model.model.layers.0.q_proj.lora_A.weight", null)]
    [InlineData("base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", null)]
    public void Names_tell_other_libraries(string name, string? library) => Assert.Equal(library, OtherLibraries.Of(name));
}
