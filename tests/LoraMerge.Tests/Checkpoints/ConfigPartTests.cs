using System.Text.Json.Nodes;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;

namespace LoraMerge.Tests.Checkpoints;

/// <summary>Facts of a composite configuration belong to the part that a tensor lies in.</summary>
public sealed class ConfigPartTests
{
    private const string Gemma3n = """
        {
          "model_type": "gemma3n", "vision_config": { "model_type": "gemma3n_vision", "hidden_size": 9 },
          "text_config": { "model_type": "gemma3n_text", "hidden_size": 16, "hidden_size_per_layer_input": 4 }
        }
        """;

    private const string Omni = """
        { "model_type": "omni", "thinker_config": { "model_type": "thinker", "text_config": { "hidden_size": 8 } },
            "talker_config": { "model_type": "talker", "text_config": { "hidden_size": 6 } } }
        """;

    private const string Pair = """
        { "model_type": "vision-encoder-decoder", "encoder": { "model_type": "vit", "hidden_size": 3 },
            "decoder": { "model_type": "xglm", "d_model": 4, "scale_embedding": true } }
        """;

    [Theory]
    [InlineData(Gemma3n, "model.language_model.layers.0.q.weight", "gemma3n_text", 16.0)]
    [InlineData(Gemma3n, "model.vision_tower.blocks.0.q.weight", "gemma3n_vision", 9.0)]
    [InlineData(Gemma3n, "lm_head.weight", "gemma3n_text", 16.0)]
    [InlineData(Omni, "thinker.model.layers.0.q.weight", "thinker", 8.0)]
    [InlineData(Omni, "talker.model.layers.0.q.weight", "talker", 6.0)]
    [InlineData(Omni, "model.layers.0.q.weight", "thinker", 8.0)]
    [InlineData(Pair, "encoder.encoder.layer.0.q.weight", "vit", 3.0)]
    [InlineData(Pair, "decoder.model.layers.0.q.weight", "xglm", null)]
    [InlineData("""{ "model_type": "llama", "hidden_size": 5 }""", "model.layers.0.q.weight", "llama", 5.0)]
    public void A_tensor_has_the_facts_of_its_part(string config, string tensor, string family, double? hidden)
    {
        ConfigPart part = ConfigPart.Of(JsonNode.Parse(config)!.AsObject(), tensor);

        Assert.Equal(family, part.ModelType);
        Assert.Equal(hidden, part.Number("hidden_size"));
    }

    [Theory]
    [InlineData(Gemma3n, "model.language_model.embed_tokens", 4.0)]
    [InlineData(Gemma3n, "model.language_model.embed_tokens_per_layer", 2.0)]
    [InlineData(Gemma3n, "model.embed_vision.embedding", 1.0)]
    [InlineData(Gemma3n, "model.vision_tower.embed_tokens", 1.0)]
    [InlineData(Pair, "decoder.model.embed_tokens", 2.0)]
    [InlineData(Pair, "decoder.model.embed_positions", 1.0)]
    [InlineData(Pair, "encoder.embeddings.word_embeddings", 1.0)]
    [InlineData("""{ "model_type": "bart", "d_model": 9, "scale_embedding": false }""", "model.shared", 1.0)]
    public async Task Each_embedding_has_its_own_factor(string config, string module, double expected)
    {
        using var folder = new TestFolder();
        string file = Path.Combine(folder.Path, "config.json");
        await File.WriteAllTextAsync(file, config, TestContext.Current.CancellationToken);

        double scale = EmbeddingScale.Of(ModelConfig.Read(file), module);

        Assert.Equal(expected, scale);
        folder.Passed();
    }
}
