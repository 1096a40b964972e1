using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Dialects.Mlx;

namespace LoraMerge.Tests.Adapters;

/// <summary>What mlx_lm multiplied by depends on the release, which the names of its options tell.</summary>
public sealed class MlxConfigTests
{
    private const string Pairs = "\"lora_parameters\": {\"rank\": 8, \"alpha\": 16, \"scale\": 10.0}";

    [Theory]
    [InlineData("\"num_layers\": 16", 10, null)]
    [InlineData("\"lora_layers\": 16", 20, null)]
    [InlineData("\"lora_layers\": 16, \"use_dora\": false", 10, 20.0)]
    public void Names_of_options_tell_the_factor(string options, double scaling, double? other)
    {
        MlxConfig config = Read($$"""{ {{options}}, {{Pairs}} }""");

        Assert.Equal(scaling, config.Scaling);
        Assert.Equal(other, config.OtherScaling);
    }

    [Theory]
    [InlineData("0.14.1", 20)]
    [InlineData("0.14.2", 10)]
    public void Release_that_is_asked_for_decides(string release, double scaling)
    {
        MlxConfig config = Read($$"""{ "lora_layers": 16, "use_dora": false, {{Pairs}} }""", AdapterOrigin.Asked("mlx_lm", release, "a"));

        Assert.Equal(scaling, config.Scaling);
        Assert.Null(config.OtherScaling);
    }

    [Theory]
    [InlineData("\"num_layers\": 4", "Lora")]
    [InlineData("\"lora_layers\": 4, \"use_dora\": true", "Dora")]
    [InlineData("\"num_layers\": 4, \"fine_tune_type\": \"dora\"", "Dora")]
    [InlineData("\"num_layers\": 4, \"fine_tune_type\": \"full\"", "Full")]
    public void Kind_is_told_by_either_option(string options, string training)
    {
        MlxConfig config = Read($$"""{ {{options}}, {{Pairs}} }""");

        Assert.Equal(training, config.Training.ToString());
    }

    [Fact]
    public void Kind_that_is_unknown_is_an_error()
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Read($$"""{ "fine_tune_type": "vera", {{Pairs}} }"""));

        Assert.Equal(DiagnosticCode.AdapterKindUnknown, fault.Code);
        Assert.Contains("fine_tune_type \"vera\"", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.3.self_attn.q_proj", "model.layers.3.self_attn.q_proj")]
    [InlineData("model.h.3.attn.c_attn", "transformer.h.3.attn.c_attn")]
    [InlineData("model.wte", "transformer.wte")]
    [InlineData("model.h.3.attention.query_key_value", "gpt_neox.layers.3.attention.query_key_value")]
    [InlineData("model.h.3.mlp.dense_h_to_4h", "gpt_neox.layers.3.mlp.dense_h_to_4h")]
    [InlineData("model.embed_out", "embed_out")]
    public void Modules_have_the_names_of_transformers(string name, string expected) => Assert.Equal(expected, MlxNames.OfModule(name));

    [Theory]
    [InlineData("model.layers.1.block_sparse_moe.switch_mlp.up_proj", "model.layers.1.block_sparse_moe.experts.5.up_proj")]
    [InlineData("model.layers.1.mlp.switch_mlp.up_proj", "model.layers.1.mlp.experts.5.up_proj")]
    [InlineData("model.layers.1.mlp.experts.down_proj", "model.layers.1.mlp.experts.5.down_proj")]
    [InlineData("backbone.layers.1.mixer.switch_mlp.fc1", "backbone.layers.1.mixer.experts.5.up_proj")]
    public void Stacked_experts_are_those_of_the_files(string name, string expected) => Assert.Equal(expected, MlxNames.OfExpert(name, 5));

    private static MlxConfig Read(string config, AdapterOrigin? origin = null)
    {
        var fields = new ConfigFields("adapter_config.json", JsonNode.Parse(config)!.AsObject());
        return MlxConfig.Read(fields, origin ?? MlxConfig.Date(fields));
    }
}
