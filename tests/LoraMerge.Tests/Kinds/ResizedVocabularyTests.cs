using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

public sealed class ResizedVocabularyTests
{
    private static readonly Matrix Embedding = Matrix.Of("model.embed_tokens.weight", 6, 3);
    private static readonly Matrix Head = Matrix.Of("lm_head.weight", 6, 3);
    private static readonly Matrix NewEmbedding = Matrix.Of("base_model.model.model.embed_tokens.base_layer.weight", 8, 3);
    private static readonly Matrix NewHead = Matrix.Of("base_model.model.lm_head.weight", 8, 3);

    [Fact]
    public async Task The_number_of_tokens_follows_wherever_the_config_states_it()
    {
        string config = """{ "vocab_size": 6, "tie_word_embeddings": false, "text_config": { "vocab_size": 6 } }""";
        using TinyFolder folder = new TinyFolder(config, Embedding, Head).With("", NewEmbedding, NewHead);

        (Dictionary<string, double[]> merged, JsonObject result) = await folder.Merge();

        Assert.Equal(NewEmbedding.AsDoubles(), merged[Embedding.Name]);
        Assert.Equal(NewHead.AsDoubles(), merged[Head.Name]);
        Assert.Equal((8, 8), ((int)result["vocab_size"]!, (int)result["text_config"]!["vocab_size"]!));
        folder.Passed();
    }

    [Fact]
    public async Task An_adapter_is_added_to_the_resized_embedding()
    {
        Matrix a = Matrix.Of("base_model.model.model.embed_tokens.lora_embedding_A", 1, 8);
        Matrix b = Matrix.Of("base_model.model.model.embed_tokens.lora_embedding_B", 3, 1);
        using TinyFolder folder = new TinyFolder("""{ "tie_word_embeddings": false }""", Embedding, Head).With("", NewEmbedding, NewHead, a, b);

        double[] merged = (await folder.Merge()).Tensors[Embedding.Name];

        Matrix.AssertNear(Matrix.Add(NewEmbedding.AsDoubles(), b, a, 2, isTransposed: true), merged);
        folder.Passed();
    }

    [Fact]
    public async Task A_head_that_keeps_its_size_is_an_error()
    {
        using TinyFolder folder = new TinyFolder("""{ "tie_word_embeddings": false }""", Embedding, Head).With("", NewEmbedding);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.VocabularySizesDiffer, code);
        folder.Passed();
    }

    [Fact]
    public async Task A_tied_head_follows_an_embedding_that_was_saved_alone()
    {
        Matrix saved = Matrix.Of("base_model.model.model.embed_tokens.weight", 8, 3);
        using TinyFolder folder = new TinyFolder("""{ "vocab_size": 6, "tie_word_embeddings": true }""", Embedding).With(
            "\"modules_to_save\": [\"embed_tokens\"]",
            saved
        );

        (Dictionary<string, double[]> merged, JsonObject result) = await folder.Merge();

        Assert.Equal(saved.AsDoubles(), Assert.Single(merged).Value);
        Assert.Equal((8, true), ((int)result["vocab_size"]!, (bool)result["tie_word_embeddings"]!));
        folder.Passed();
    }

    [Fact]
    public async Task Other_tensors_keep_their_shape()
    {
        Matrix norm = Matrix.Of("norm.weight", 3);
        using TinyFolder folder = new TinyFolder("{}", Embedding, Head, norm).With(
            "\"modules_to_save\": [\"norm\"]",
            Matrix.Of("base_model.model.norm.weight", 4)
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ShapeMismatch, code);
        folder.Passed();
    }
}
