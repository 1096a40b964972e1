using System.Text.Json.Nodes;
using LoraMerge.Architectures.Names;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests.Architectures;

public sealed class NameJoinTests
{
    private static readonly JsonObject Llava = Config(
        "LlavaNextForConditionalGeneration",
        "llava_next",
        ("vision_config", "clip_vision_model"),
        ("text_config", "llama")
    );

    [Theory]
    [InlineData("deit-old-to-new")]
    [InlineData("gte-qkv-and-up-gate-new-to-old")]
    [InlineData("jina-fused-lora-old-to-split")]
    [InlineData("llava_next-new-to-published")]
    [InlineData("swin-new-to-old")]
    public void Every_module_of_a_golden_case_has_one_place_under_one_scope(string name)
    {
        (NameJoin join, string[] modules) = Open(name);

        NameScope[] whole = [.. join.Scopes(modules).Where(scope => IsWhole(join, modules, scope))];

        Assert.NotEmpty(whole);
        Assert.Single(whole.Select(scope => string.Join(' ', modules.SelectMany(module => join.PlacesOf(module, "weight", scope)))).Distinct());
    }

    [Fact]
    public void Two_towers_alike_are_two_scopes()
    {
        (NameJoin join, string[] modules) = Open("error-video_llava-tower-ambiguous");

        string[] first =
        [
            .. join.Scopes(modules)
                .Where(scope => IsWhole(join, modules, scope))
                .Select(scope => join.PlacesOf(modules[0], "weight", scope)[0].Tensor)
                .Distinct(),
        ];

        Assert.Equal(2, first.Length);
        Assert.Contains(first, tensor => tensor.StartsWith("image_tower.", StringComparison.Ordinal));
        Assert.Contains(first, tensor => tensor.StartsWith("video_tower.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("language_model.model.layers.0.self_attn.q_proj.weight", "model.language_model.layers.0.self_attn.q_proj")]
    [InlineData("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight", "model.vision_tower.encoder.layers.0.self_attn.q_proj")]
    [InlineData("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight", "model.vision_tower.vision_model.encoder.layers.0.self_attn.q_proj")]
    [InlineData("model.vision_tower.encoder.layers.0.self_attn.q_proj.weight", "vision_tower.vision_model.encoder.layers.0.self_attn.q_proj")]
    [InlineData("language_model.lm_head.weight", "lm_head")]
    [InlineData("_orig_mod.lm_head.weight", "language_model.lm_head")]
    public void Renames_of_several_releases_compose(string file, string module)
    {
        NameJoin join = Join(Llava, [file], [module]);

        Assert.Equal([new TensorPlace(file, RowShare.Whole, RowShare.Whole)], join.PlacesOf(module, "weight", NameScope.Same));
    }

    [Fact]
    public void A_module_of_experts_has_the_path_that_the_files_have()
    {
        NameJoin join = Join(
            Config("MixtralForCausalLM", "mixtral"),
            ["model.layers.0.block_sparse_moe.experts.0.w1.weight", "model.layers.0.block_sparse_moe.experts.1.w1.weight"],
            ["model.layers.0.mlp.experts"]
        );

        Assert.Equal("model.layers.0.block_sparse_moe.experts", join.ModuleOf("model.layers.0.mlp.experts", NameScope.Same));
    }

    [Fact]
    public void Rows_of_a_fused_tensor_are_dealt_out_in_the_order_of_the_live_modules()
    {
        NameJoin join = Join(Config("GteModel", "gte"), ["new.encoder.layer.0.mlp.up_gate_proj.weight"], ["layers.0.mlp.gate_proj"]);

        Assert.Equal(
            [new TensorPlace("new.encoder.layer.0.mlp.up_gate_proj.weight", new RowShare(1, 2, RowOrder.Blocks), RowShare.Whole)],
            join.PlacesOf("layers.0.mlp.gate_proj", "weight", NameScope.Same)
        );
    }

    [Fact]
    public void A_head_beside_a_bare_model_stays_where_it_is()
    {
        NameJoin join = Join(
            Config("BertForSequenceClassification", "bert"),
            ["bert.encoder.layer.0.output.dense.weight", "classifier.weight"],
            ["encoder.layer.0.output.dense", "classifier"]
        );
        var scope = new NameScope("", "bert.");

        Assert.Contains(scope, join.Scopes(["encoder.layer.0.output.dense", "classifier"]));
        Assert.Equal("classifier.weight", join.PlacesOf("classifier", "weight", scope)[0].Tensor);
        Assert.Equal("bert.encoder.layer.0.output.dense.weight", join.PlacesOf("encoder.layer.0.output.dense", "weight", scope)[0].Tensor);
    }

    /// <summary>Whether every module has a place, and no two the same.</summary>
    private static bool IsWhole(NameJoin join, string[] modules, NameScope scope)
    {
        TensorPlace[] places = [.. modules.SelectMany(module => join.PlacesOf(module, "weight", scope))];
        return modules.All(module => !join.PlacesOf(module, "weight", scope).IsEmpty) && places.Distinct().Count() == places.Length;
    }

    private static (NameJoin Join, string[] Modules) Open(string name)
    {
        string folder = Path.Combine(Repository.Root, "tests", "fixtures", "golden-names", name);
        var config = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "base", "config.json")))!;
        string[] modules =
        [
            .. TensorTable
                .Headers(Path.Combine(folder, "adapter", "adapter_model.safetensors"))
                .Keys.Where(key => key.Contains(".lora_A", StringComparison.Ordinal))
                .Select(key => key["base_model.model.".Length..key.IndexOf(".lora_A", StringComparison.Ordinal)]),
        ];
        return (Join(config, TensorTable.Headers(Path.Combine(folder, "base")).Keys, modules), modules);
    }

    private static NameJoin Join(JsonObject config, IEnumerable<string> files, IEnumerable<string> modules) =>
        new(files, NamedModel.Of(config), modules.Select(module => module + ".weight"), NamedModel.Of(config));

    private static JsonObject Config(string architecture, string modelType, params (string Key, string ModelType)[] inner)
    {
        var config = new JsonObject { ["architectures"] = new JsonArray(architecture), ["model_type"] = modelType };
        foreach ((string key, string type) in inner)
            config[key] = new JsonObject { ["model_type"] = type };
        return config;
    }
}
