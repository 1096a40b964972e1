using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Dialects;
using LoraMerge.Dialects.Peft;
using LoraMerge.Kinds.Lora;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Parsing;

public sealed class LoraConfigTests
{
    private const string QProj = "model.layers.0.self_attn.q_proj";

    [Theory]
    [InlineData("{}", 2)]
    [InlineData("{\"lora_alpha\": 0.5}", 0.0625)]
    [InlineData("{\"lora_alpha\": 16.0}", 2)]
    [InlineData("{\"lora_alpha\": -4}", -0.5)]
    [InlineData("{\"use_rslora\": true}", 5.6568542494923797)]
    [InlineData("{\"rank_pattern\": {\"q_proj\": 4}}", 4)]
    [InlineData("{\"alpha_pattern\": {\"q_proj\": 4}}", 0.5)]
    [InlineData("{\"rank_pattern\": {\"q_proj\": 4}, \"alpha_pattern\": {\"self_attn.q_proj\": 1}}", 0.25)]
    [InlineData("{\"rank_pattern\": {\"q_proj\": 4}, \"alpha_pattern\": {\"v_proj\": 1}, \"use_rslora\": true}", 8)]
    [InlineData("{\"rank_pattern\": null, \"alpha_pattern\": {}}", 2)]
    public void Scaling_is_alpha_over_rank_or_over_its_root(string changes, double expected)
    {
        (_, LoraConfig config) = Read("{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": 16}", changes);

        Assert.Equal(expected, config.ScalingOf(QProj), 15);
    }

    [Theory]
    [InlineData("[3, 1, 2]", null, "3,1,2")]
    [InlineData("{\"embed_tokens\": [7]}", "embed_tokens", "7")]
    public void Trainable_tokens_keep_their_order(string json, string? module, string indices)
    {
        (AdapterConfig config, _) = Read("{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": 16}", $"{{\"trainable_token_indices\": {json}}}");

        TrainableTokens tokens = Assert.Single(config.TrainableTokens);
        Assert.Equal((module, indices), (tokens.Module, string.Join(',', tokens.Indices)));
    }

    [Fact]
    public void Rows_of_each_embedding_get_the_tokens_that_are_named_for_it()
    {
        using var folder = new TestFolder();
        TinyAdapter.ForLlama().Config("trainable_token_indices", new JsonObject { ["lm_head"] = new JsonArray(1), ["embed_tokens"] = new JsonArray(4, 2) })
            .Filled("model.embed_tokens.token_adapter.trainable_tokens_delta", DType.F32, 2, 4)
            .Filled("lm_head.token_adapter.trainable_tokens_delta", DType.F32, 1, 4)
            .WriteTo(folder["adapter"]);

        Adapter adapter = AdapterDialects.Open(folder["adapter"]);

        Assert.Equal(["lm_head: 1", "model.embed_tokens: 4, 2"], adapter.Rows.Select(rows => $"{rows.Module}: {string.Join(", ", rows.Indices)}"));
        folder.Passed();
    }

    [Fact]
    public void Only_fields_that_ask_for_something_are_unknown()
    {
        (AdapterConfig config, _) = Read(
            "{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": 16}",
            "{\"a\": null, \"b\": false, \"c\": [], \"d\": {}, \"e\": \"\", \"f\": 0, \"g\": 0.0, \"h\": 1, \"i\": [0], \"bias\": \"none\"}"
        );

        Assert.Equal(["h", "i"], config.UnknownFields);
    }

    private static (AdapterConfig Config, LoraConfig Own) Read(string json, string changes)
    {
        using var folder = new TestFolder();
        JsonObject config = JsonNode.Parse(json)!.AsObject();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(changes)!.AsObject())
            config[name] = value?.DeepClone();
        File.WriteAllText(folder["adapter_config.json"], config.ToJsonString());
        ConfigFields fields = ConfigFields.Read(folder["adapter_config.json"]);
        (_, AdapterConfig read, KindConfig own) = PeftConfigReader.Read(fields, PeftHistory.Date(fields, new LoraKind()));
        folder.Passed();
        return (read, (LoraConfig)own);
    }
}
