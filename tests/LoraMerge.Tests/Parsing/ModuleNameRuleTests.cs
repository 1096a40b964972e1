using LoraMerge.Planning;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Parsing;

/// <summary>A line for each rule that takes module names of a live model to names in files.</summary>
public sealed class ModuleNameRuleTests
{
    [Theory]
    [InlineData("as written", "model.layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj")]
    [InlineData("vision-language names before transformers 4.52", "model.language_model.layers.0.mlp.up_proj", "language_model.model.layers.0.mlp.up_proj")]
    [InlineData("vision-language names before transformers 4.52", "lm_head", "language_model.lm_head")]
    [InlineData("vision-language names before transformers 4.52", "model.vision_tower.blocks.0", "vision_tower.blocks.0")]
    [InlineData("vision-language names before transformers 4.52", "model.multi_modal_projector.linear_1", "multi_modal_projector.linear_1")]
    [InlineData("vision-language names before transformers 4.52", "lm_head_norm", "lm_head_norm")]
    [InlineData("vision-language names since transformers 4.52", "language_model.model.layers.0.mlp.up_proj", "model.language_model.layers.0.mlp.up_proj")]
    [InlineData("vision-language names since transformers 4.52", "language_model.lm_head", "lm_head")]
    [InlineData("vision-language names since transformers 4.52", "vision_tower.blocks.0", "model.vision_tower.blocks.0")]
    [InlineData("Qwen2-VL names before transformers 4.52", "model.language_model.layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj")]
    [InlineData("Qwen2-VL names before transformers 4.52", "model.visual.blocks.0.attn.qkv", "visual.blocks.0.attn.qkv")]
    [InlineData("Qwen2-VL names since transformers 4.52", "model.layers.0.mlp.up_proj", "model.language_model.layers.0.mlp.up_proj")]
    [InlineData("Qwen2-VL names since transformers 4.52", "model.visual.blocks.0", "model.visual.blocks.0")]
    [InlineData("Qwen2-VL names since transformers 4.52", "visual.blocks.0.attn.qkv", "model.visual.blocks.0.attn.qkv")]
    [InlineData("expert names before transformers 5", "model.layers.0.mlp.experts.3.w1", "model.layers.0.block_sparse_moe.experts.3.w1")]
    [InlineData("expert names before transformers 5", "model.layers.0.mlp.gate", "model.layers.0.block_sparse_moe.gate")]
    [InlineData("expert names before transformers 5", "model.layers.0.mlp.gate_proj", "model.layers.0.mlp.gate_proj")]
    [InlineData("expert names since transformers 5", "model.layers.0.block_sparse_moe.gate", "model.layers.0.mlp.gate")]
    [InlineData("without 'transformer.'", "transformer.h.0.attn.c_attn", "h.0.attn.c_attn")]
    [InlineData("without 'model.'", "model.layers.0.mlp.up_proj", "layers.0.mlp.up_proj")]
    [InlineData("without 'model.'", "models.layers.0", "models.layers.0")]
    [InlineData("without 'bert.'", "bert.encoder.layer.0.attention.self.query", "encoder.layer.0.attention.self.query")]
    [InlineData("with 'transformer.'", "h.0.attn.c_attn", "transformer.h.0.attn.c_attn")]
    [InlineData("with 'model.'", "layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj")]
    [InlineData("expert names before transformers 5", "model.layers.0.mlp.experts", "model.layers.0.block_sparse_moe.experts")]
    [InlineData("expert names before transformers 5", "model.layers.0.mlp.router", "model.layers.0.block_sparse_moe.gate")]
    [InlineData("with 'language_model.'", "model.layers.0.mlp.up_proj", "language_model.model.layers.0.mlp.up_proj")]
    [InlineData("with 'model.'", "lm_head", "lm_head")]
    [InlineData("text names of a vision-language model", "model.layers.0.mlp.up_proj", "language_model.model.layers.0.mlp.up_proj")]
    [InlineData("text names of a vision-language model", "lm_head", "language_model.lm_head")]
    [InlineData("vision-language names of a text model", "language_model.lm_head", "lm_head")]
    [InlineData("vision-language names of a text model", "language_model.model.layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj")]
    [InlineData("without 'module.' of DistributedDataParallel", "model.module.layers.0", "model.layers.0")]
    [InlineData("without 'module.' of DistributedDataParallel", "model.submodule.layers.0", "model.submodule.layers.0")]
    public void A_rule_rewrites_one_name(string rule, string module, string expected)
    {
        Assert.Equal(expected, ModuleNameRule.All.Single(other => other.Name == rule).Apply(module));
    }

    [Fact]
    public void Every_rule_stands_once_and_leaving_names_alone_is_the_first()
    {
        Assert.Equal("as written", ModuleNameRule.All[0].Name);
        Assert.Equal(ModuleNameRule.All.Length, ModuleNameRule.All.Select(rule => rule.Name).Distinct().Count());
        Assert.Equal(38, ModuleNameRule.All.Length);
    }

    [Fact]
    public async Task The_manifest_tells_which_rule_was_taken()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.Filled("h.0.attn.c_attn.weight", Safetensors.DType.F32, 4, 12).File("config.json", "{\"model_type\": \"gpt2\"}"),
            TinyAdapter.Lora().Module("transformer.h.0.attn.c_attn", 12, 4));

        MergeResult result = await bench.MergeAsync();

        Assert.Equal("without 'transformer.'", Assert.Single(result.Manifest.Adapters).NameRule);
        Assert.Equal("lora-transposed", Assert.Single(result.Manifest.Tensors["h.0.attn.c_attn.weight"].Deltas).Method);
        bench.Passed();
    }
}
