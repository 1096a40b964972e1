using LoraMerge.Diagnostics;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Kinds;

public sealed class NameRuleTests
{
    [Theory]
    [InlineData("model.layers.0.q", "model.layers.0.q", "as written")]
    [InlineData("model.language_model.layers.0.q", "language_model.model.layers.0.q", "'model.language_model.' as 'language_model.model.'")]
    [InlineData("model.vision_tower.layers.0.q", "vision_tower.layers.0.q", "without 'model.'")]
    [InlineData("lm_head", "language_model.lm_head", "with 'language_model.'")]
    [InlineData("language_model.model.layers.0.q", "model.language_model.layers.0.q", "'language_model.model.' as 'model.language_model.'")]
    [InlineData("vision_tower.layers.0.q", "model.vision_tower.layers.0.q", "with 'model.'")]
    [InlineData("model.language_model.layers.0.q", "model.layers.0.q", "'model.language_model.' as 'model.'")]
    [InlineData("model.visual.blocks.0.q", "visual.blocks.0.q", "without 'model.'")]
    [InlineData("model.layers.0.q", "model.language_model.layers.0.q", "'model.' as 'model.language_model.'")]
    [InlineData("visual.blocks.0.q", "model.visual.blocks.0.q", "with 'model.'")]
    [InlineData("model.layers.0.mlp.experts.0.w1", "model.layers.0.block_sparse_moe.experts.0.w1", "as transformers renames them")]
    [InlineData("model.layers.0.mlp.gate", "model.layers.0.block_sparse_moe.gate", "as transformers renames them")]
    [InlineData("model.layers.0.mlp.router", "model.layers.0.block_sparse_moe.gate", "as transformers renames them")]
    [InlineData("model.layers.0.block_sparse_moe.gate", "model.layers.0.mlp.gate", "as transformers renames them")]
    [InlineData("transformer.h.0.attn.c_attn", "h.0.attn.c_attn", "without 'transformer.'")]
    [InlineData("model.model.layers.0.q", "model.layers.0.q", "without 'model.'")]
    [InlineData("h.0.attn.c_attn", "transformer.h.0.attn.c_attn", "with 'transformer.'")]
    [InlineData("encoder.layer.0.q", "bert.encoder.layer.0.q", "with 'bert.'")]
    [InlineData("model.layers.0.q", "language_model.model.layers.0.q", "with 'language_model.'")]
    [InlineData("language_model.model.layers.0.q", "model.layers.0.q", "without 'language_model.'")]
    [InlineData("model.module.layers.0.q", "model.layers.0.q", "'model.module.' as 'model.'")]
    public void Names_of_the_live_model_become_those_of_the_files(string live, string stored, string rule)
    {
        using TinyFolder folder = new TinyFolder("{}", Matrix.Of(stored + ".weight", 4, 3), Matrix.Of("other.weight", 4, 3))
            .With("", Matrix.Of($"base_model.model.{live}.lora_A.weight", 1, 3), Matrix.Of($"base_model.model.{live}.lora_B.weight", 4, 1));

        string used = folder.NameRule();

        Assert.Equal(rule, used);
        folder.Passed();
    }

    [Theory]
    [InlineData("encoder.layers.0.q", "decoder.layers.0.q")]
    [InlineData("vision_model.layers.0.q", "text_model.layers.0.q")]
    [InlineData("model.vision_tower.layers.0.q", "model.language_model.layers.0.q")]
    [InlineData("vision_model.layers.0.q", "layers.0.q", "clip_text_model")]
    [InlineData("layers.0.q", "text_model.layers.0.q", "clip", "CLIPVisionModel")]
    public async Task One_part_of_a_model_never_stands_for_another(string live, string stored, string family = "unknown", string trained = "")
    {
        using TinyFolder folder = new TinyFolder($$"""{ "model_type": "{{family}}" }""", Matrix.Of(stored + ".weight", 4, 3))
            .With($$"""
                "auto_mapping": { "base_model_class": "{{trained}}" }
                """, Matrix.Of($"base_model.model.{live}.lora_A.weight", 1, 3), Matrix.Of($"base_model.model.{live}.lora_B.weight", 4, 1));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ModuleNotInBase, code);
        folder.Passed();
    }

    [Fact]
    public async Task The_manifest_tells_how_names_were_read()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.Filled("h.0.attn.c_attn.weight", Safetensors.DType.F32, 4, 12).File("config.json", "{\"model_type\": \"gpt2\"}"),
            TinyAdapter.Lora().Module("transformer.h.0.attn.c_attn", 12, 4));

        MergeResult result = await bench.MergeAsync();

        Assert.Equal("without 'transformer.'", Assert.Single(result.Manifest.Adapters).NameRule);
        Assert.Equal("lora-transposed", Assert.Single(result.Manifest.Tensors["h.0.attn.c_attn.weight"].Deltas).Method);
        bench.Passed();
    }

    [Fact]
    public async Task A_rule_that_would_put_two_modules_in_one_place_is_not_used()
    {
        using TinyFolder folder = new TinyFolder("{}", Matrix.Of("layers.0.q.weight", 4, 3)).With("",
            Matrix.Of("layers.0.q.lora_A.weight", 1, 3), Matrix.Of("layers.0.q.lora_B.weight", 4, 1),
            Matrix.Of("model.layers.0.q.lora_A.weight", 1, 3), Matrix.Of("model.layers.0.q.lora_B.weight", 4, 1));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ModuleNotInBase, code);
        folder.Passed();
    }

    [Theory]
    [InlineData("base_model.model.q.lora_{0}.default.weight")]
    [InlineData("base_model.model.q.lora_{0}.weight")]
    [InlineData("module.base_model.model.q.lora_{0}.weight")]
    [InlineData("_orig_mod.base_model.model.q.lora_{0}.weight")]
    [InlineData("base_model.model._fsdp_wrapped_module.q._checkpoint_wrapped_module.lora_{0}.weight")]
    [InlineData("q.lora_{0}.weight")]
    public async Task What_training_wraps_around_a_model_is_taken_out_of_its_names(string pattern)
    {
        Matrix weight = Matrix.Of("q.weight", 4, 3);
        Matrix a = Matrix.Of(pattern.Replace("{0}", "A", StringComparison.Ordinal), 1, 3);
        Matrix b = Matrix.Of(pattern.Replace("{0}", "B", StringComparison.Ordinal), 4, 1);
        using TinyFolder folder = new TinyFolder("{}", weight).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors["q.weight"];

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("classifier.modules_to_save.default.dense.weight")]
    [InlineData("classifier.modules_to_save.dense.weight")]
    [InlineData("classifier.dense.weight")]
    public async Task A_saved_module_is_found_by_all_of_its_names_and_its_original_is_left_out(string name)
    {
        Matrix saved = Matrix.Of("base_model.model." + name, 2, 2);
        using TinyFolder folder = new TinyFolder("{}", Matrix.Of("classifier.dense.weight", 2, 2))
            .With("\"modules_to_save\": [\"classifier\"]", saved, Matrix.Of("base_model.model.classifier.original_module.dense.weight", 2, 2));

        double[] merged = (await folder.Merge()).Tensors["classifier.dense.weight"];

        Assert.Equal(saved.AsDoubles(), merged);
        Assert.Contains(folder.Informations, information => information.Text.Contains("original_module", StringComparison.Ordinal));
        folder.Passed();
    }

    [Theory]
    [InlineData("LayerNorm.weight", "LayerNorm.gamma")]
    [InlineData("LayerNorm.bias", "LayerNorm.beta")]
    public async Task Norms_of_the_first_BERTs_have_older_names(string live, string stored)
    {
        Matrix saved = Matrix.Of("base_model.model." + live, 3);
        using TinyFolder folder = new TinyFolder("{}", Matrix.Of(stored, 3)).With("\"bias\": \"all\"", saved);

        double[] merged = (await folder.Merge()).Tensors[stored];

        Assert.Equal(saved.AsDoubles(), merged);
        folder.Passed();
    }
}
