using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

public sealed class TiedWeightsTests
{
    private const string Tied = """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true, "vocab_size": 6 }""";
    private const string BothEnds = "\"modules_to_save\": [\"embed_tokens\", \"lm_head\"]";
    private const string KeptTied = "\"ensure_weight_tying\": true";

    private static readonly Matrix Shared = Matrix.Of("model.embed_tokens.weight", 6, 3);
    private static readonly Matrix EmbeddingA = Matrix.Of("base_model.model.model.embed_tokens.lora_embedding_A", 1, 6);
    private static readonly Matrix EmbeddingB = Matrix.Of("base_model.model.model.embed_tokens.lora_embedding_B", 3, 1);
    private static readonly Matrix HeadA = Matrix.Of("base_model.model.lm_head.lora_A.weight", 1, 3);
    private static readonly Matrix HeadB = Matrix.Of("base_model.model.lm_head.lora_B.weight", 6, 1);

    /// <summary>What PEFT keeps for both ends of a tie: the same numbers, seen from each.</summary>
    private static readonly Matrix[] KeptPair =
    [
        EmbeddingA,
        EmbeddingB,
        new(HeadA.Name, HeadA.Shape, EmbeddingB.Values),
        new(HeadB.Name, HeadB.Shape, EmbeddingA.Values),
    ];

    private static double[] NewEmbedding => Matrix.Add(Shared.AsDoubles(), EmbeddingB, EmbeddingA, 2, isTransposed: true);

    private static double[] NewHead => Matrix.Add(Shared.AsDoubles(), HeadB, HeadA, 2);

    [Fact]
    public async Task Adapters_of_both_ends_part_them()
    {
        using TinyFolder folder = new TinyFolder(Tied, Shared).With("", EmbeddingA, EmbeddingB, HeadA, HeadB);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(NewEmbedding, merged[Shared.Name]);
        Matrix.AssertNear(NewHead, merged["lm_head.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task A_tie_that_the_config_leaves_to_its_family_is_written_out_when_it_ends()
    {
        string gemma = """{ "model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"] }""";
        using TinyFolder folder = new TinyFolder(gemma, Shared).With("", HeadA, HeadB);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(Shared.AsDoubles(), merged[Shared.Name]);
        Matrix.AssertNear(NewHead, merged["lm_head.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task A_tie_of_a_part_ends_where_each_release_of_transformers_reads_it()
    {
        string nested =
            """
            { "model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
              "text_config": { "model_type": "llama", "tie_word_embeddings": true } }
            """;
        Matrix shared = Shared.Named("language_model.model.embed_tokens.weight");
        using TinyFolder folder = new TinyFolder(nested, shared).With(
            "",
            EmbeddingA.Named("base_model.model.model.language_model.embed_tokens.lora_embedding_A"),
            EmbeddingB.Named("base_model.model.model.language_model.embed_tokens.lora_embedding_B")
        );

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(NewEmbedding, merged[shared.Name]);
        Matrix.AssertNear(Shared.AsDoubles(), merged["language_model.lm_head.weight"]);
        Assert.False((bool)config["text_config"]!["tie_word_embeddings"]!);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task Files_without_a_head_are_tied_where_the_part_says_so_and_the_model_does_not()
    {
        string nested = """
            {
              "model_type": "llava", "architectures": ["LlavaForConditionalGeneration"], "tie_word_embeddings": false,
              "text_config": { "model_type": "qwen2", "tie_word_embeddings": true }
            }
            """;
        Matrix shared = Shared.Named("language_model.model.embed_tokens.weight");
        using TinyFolder folder = new TinyFolder(nested, shared).With("", HeadA, HeadB);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(Shared.AsDoubles(), merged[shared.Name]);
        Matrix.AssertNear(NewHead, merged["language_model.lm_head.weight"]);
        Assert.False((bool)config["text_config"]!["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task Files_that_hold_both_ends_of_a_tie_keep_both_equal()
    {
        using TinyFolder folder = new TinyFolder(Tied, Shared, Shared.Named("lm_head.weight")).With(KeptTied, KeptPair);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(NewEmbedding, merged[Shared.Name]);
        Assert.Equal(merged[Shared.Name], merged["lm_head.weight"]);
        Assert.True((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    /// <summary>PEFT gives each end a copy of its own where the base has 16 bits, whatever its configuration says of the tie.</summary>
    [Fact]
    public async Task Ends_that_were_to_stay_one_and_were_trained_apart_get_each_their_own()
    {
        using TinyFolder folder = new TinyFolder(Tied, Shared).With(KeptTied, EmbeddingA, EmbeddingB, HeadA, HeadB);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(NewEmbedding, merged[Shared.Name]);
        Matrix.AssertNear(NewHead, merged["lm_head.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        Assert.Contains(folder.Warnings, warning => warning.Code == DiagnosticCode.TiedEndsDiffer);
        folder.Passed();
    }

    [Fact]
    public async Task Ends_with_the_same_numbers_and_other_alphas_get_each_their_own()
    {
        using TinyFolder folder = new TinyFolder(Tied, Shared).With($"{KeptTied}, \"alpha_pattern\": {{ \"lm_head\": 6 }}", KeptPair);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(NewEmbedding, merged[Shared.Name]);
        Matrix.AssertNear(Matrix.Add(Shared.AsDoubles(), KeptPair[3], KeptPair[2], 6), merged["lm_head.weight"]);
        folder.Passed();
    }

    [Fact]
    public async Task Ends_with_the_same_numbers_and_lengths_of_DoRA_get_each_their_own()
    {
        Matrix lengths = Matrix.Of("base_model.model.model.embed_tokens.lora_magnitude_vector", 3);
        Matrix lengthsOfHead = Matrix.Of("base_model.model.lm_head.lora_magnitude_vector", 6);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With($"{KeptTied}, \"use_dora\": true", [.. KeptPair, lengths, lengthsOfHead]);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Rescale(NewEmbedding, lengths, isByColumn: true), merged[Shared.Name]);
        Matrix.AssertNear(Matrix.Rescale(NewEmbedding, lengthsOfHead), merged["lm_head.weight"]);
        folder.Passed();
    }

    /// <summary>PEFT ties adapters of <c>embed_tokens</c> and <c>lm_head</c>: of others, and before 0.19 of all, one end alone is trained.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_end_that_is_alone_in_the_file_is_the_only_one_that_changes_whatever_is_said_of_ties(bool isHead)
    {
        using TinyFolder folder = new TinyFolder(Tied, Shared).With(KeptTied, isHead ? [HeadA, HeadB] : [EmbeddingA, EmbeddingB]);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(isHead ? Shared.AsDoubles() : NewEmbedding, merged[Shared.Name]);
        Matrix.AssertNear(isHead ? NewHead : Shared.AsDoubles(), merged["lm_head.weight"]);
        folder.Passed();
    }

    [Fact]
    public async Task One_adapter_may_part_what_another_changes_at_both_ends()
    {
        using TinyFolder folder = new TinyFolder(Tied, Shared).With(KeptTied, KeptPair).With("", HeadA, HeadB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(NewEmbedding, merged[Shared.Name]);
        Matrix.AssertNear(Matrix.Add(NewEmbedding, HeadB, HeadA, 2), merged["lm_head.weight"]);
        folder.Passed();
    }

    [Fact]
    public async Task Both_ends_saved_as_modules_part()
    {
        Matrix embedding = Matrix.Of("base_model.model.model.embed_tokens.weight", 6, 3);
        Matrix head = Matrix.Of("base_model.model.lm_head.weight", 6, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With(BothEnds, embedding, head);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(embedding.AsDoubles(), merged[Shared.Name]);
        Assert.Equal(head.AsDoubles(), merged["lm_head.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task A_resized_vocabulary_keeps_its_tie()
    {
        Matrix embedding = Matrix.Of("base_model.model.model.embed_tokens.weight", 8, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With("", embedding, embedding.Named("base_model.model.lm_head.weight"));

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(embedding.AsDoubles(), Assert.Single(merged).Value);
        Assert.True((bool)config["tie_word_embeddings"]!);
        Assert.Equal(8, (int)config["vocab_size"]!);
        folder.Passed();
    }

    [Fact]
    public async Task Two_copies_of_a_kept_tie_that_differ_are_an_error()
    {
        Matrix embedding = Matrix.Of("base_model.model.model.embed_tokens.weight", 6, 3);
        Matrix head = Matrix.Of("base_model.model.lm_head.weight", 6, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With($"{KeptTied}, {BothEnds}", embedding, head);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.CopiesDiffer, code);
        folder.Passed();
    }

    [Fact]
    public async Task Two_adapters_may_both_hold_the_base_of_their_embedding()
    {
        Matrix copy = Shared.Named("base_model.model.model.embed_tokens.base_layer.weight");
        using TinyFolder folder = new TinyFolder(Tied, Shared).With(KeptTied, [.. KeptPair, copy]).With(KeptTied, [.. KeptPair, copy]);

        double[] merged = (await folder.Merge()).Tensors[Shared.Name];

        Matrix.AssertNear(Matrix.Add(NewEmbedding, EmbeddingB, EmbeddingA, 2, isTransposed: true), merged);
        folder.Passed();
    }

    [Fact]
    public async Task Rows_of_tokens_are_both_ends_rows_also_where_the_head_parts()
    {
        Matrix rows = Matrix.Of("base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", 1, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With("\"trainable_token_indices\": [4]", HeadA, HeadB, rows);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(rows.AsDoubles(), merged[Shared.Name][12..15]);
        Assert.Equal(rows.AsDoubles(), merged["lm_head.weight"][12..15]);
        Matrix.AssertNear(NewHead[..12], merged["lm_head.weight"][..12]);
        folder.Passed();
    }

    /// <summary>PEFT 0.15 to 0.17 even trained the same tokens of both apart.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    public async Task Rows_of_tokens_that_each_end_has_of_its_own_part_them(int headToken)
    {
        Matrix rows = Matrix.Of("base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", 1, 3);
        Matrix headRows = Matrix.Of("base_model.model.lm_head.token_adapter.trainable_tokens_delta", 1, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared)
            .With($$"""
                "trainable_token_indices": { "embed_tokens": [4], "lm_head": [{{headToken}}] }
                """, rows, headRows);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(WithRow(4, rows), merged[Shared.Name]);
        Assert.Equal(WithRow(headToken, headRows), merged["lm_head.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task Rows_of_tokens_of_the_head_alone_leave_the_embedding_as_it_was()
    {
        Matrix headRows = Matrix.Of("base_model.model.lm_head.token_adapter.trainable_tokens_delta", 1, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With("\"trainable_token_indices\": { \"lm_head\": [2] }", headRows);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(Shared.AsDoubles(), merged[Shared.Name]);
        Assert.Equal(WithRow(2, headRows), merged["lm_head.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    private static double[] WithRow(int token, Matrix row) =>
        [.. Shared.AsDoubles()[..(3 * token)], .. row.AsDoubles(), .. Shared.AsDoubles()[(3 * (token + 1))..]];

    /// <summary>mlx_lm's model has no head where the ends are tied.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_head_that_mlx_lm_trained_is_of_another_base_where_the_ends_are_tied(bool isStored)
    {
        using TinyFolder folder = new TinyFolder(Tied, isStored ? [Shared, Shared.Named("lm_head.weight")] : [Shared]).WithMlx(
            """ "fine_tune_type": "lora", "lora_parameters": { "rank": 2, "scale": 1.5 } """,
            Matrix.Of("lm_head.lora_a", 3, 2),
            Matrix.Of("lm_head.lora_b", 2, 6)
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ModuleNotInBase, code);
        folder.Passed();
    }

    /// <summary>BERT and its kin have one bias under two names, of which the base's files hold one and an adapter with all biases both.</summary>
    [Fact]
    public async Task A_bias_of_the_head_is_found_under_its_shorter_name()
    {
        string roberta = """{ "model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "tie_word_embeddings": true }""";
        Matrix words = Matrix.Of("roberta.embeddings.word_embeddings.weight", 6, 3), bias = Matrix.Of("lm_head.bias", 6);
        Matrix trained = Matrix.Of("base_model.model.lm_head.bias", 6), copy = trained.Named("base_model.model.lm_head.decoder.bias");
        Matrix query = Matrix.Of("roberta.encoder.layer.0.attention.self.query.weight", 3, 3);
        Matrix a = Matrix.Of("base_model.model.roberta.encoder.layer.0.attention.self.query.lora_A.weight", 1, 3);
        Matrix b = Matrix.Of("base_model.model.roberta.encoder.layer.0.attention.self.query.lora_B.weight", 3, 1);
        using TinyFolder folder = new TinyFolder(roberta, words, bias, query).With("\"bias\": \"all\"", a, b, trained, copy);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(trained.AsDoubles(), merged[bias.Name]);
        Assert.DoesNotContain("lm_head.decoder.bias", merged.Keys);
        folder.Passed();
    }

    [Fact]
    public async Task A_classifier_has_no_head_to_part_from()
    {
        Matrix score = Matrix.Of("base_model.model.score.weight", 2, 3);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With("\"task_type\": \"SEQ_CLS\"", EmbeddingA, EmbeddingB, score);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(["model.embed_tokens.weight", "score.weight"], merged.Keys.Order());
        Assert.True((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task Embeddings_of_both_halves_of_BART_part_from_the_shared_one()
    {
        string bart = """{ "model_type": "bart", "architectures": ["BartForConditionalGeneration"], "tie_word_embeddings": true }""";
        Matrix shared = Shared.Named("model.shared.weight");
        using TinyFolder folder = new TinyFolder(bart, shared).With(
            "",
            EmbeddingA.Named("base_model.model.model.encoder.embed_tokens.lora_embedding_A"),
            EmbeddingB.Named("base_model.model.model.encoder.embed_tokens.lora_embedding_B")
        );

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(NewEmbedding, merged["model.encoder.embed_tokens.weight"]);
        foreach (string other in (string[])["model.shared.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"])
            Assert.Equal(Shared.AsDoubles(), merged[other]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }

    [Fact]
    public async Task The_shared_embedding_of_T5_changes_for_all_that_share_it()
    {
        string t5 = """{ "model_type": "t5", "architectures": ["T5ForConditionalGeneration"] }""";
        using TinyFolder folder = new TinyFolder(t5, Shared.Named("shared.weight"))
            .With("", EmbeddingA.Named("base_model.model.shared.lora_embedding_A"), EmbeddingB.Named("base_model.model.shared.lora_embedding_B"));

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(NewEmbedding, Assert.Single(merged).Value);
        Assert.False(config.ContainsKey("tie_word_embeddings"));
        folder.Passed();
    }

    /// <summary>T5 multiplies the decoder's output by d_model^-1/2 while embedding and head are tied, and no longer when they part.</summary>
    [Fact]
    public async Task The_head_of_T5_takes_over_the_scale_of_the_tied_model()
    {
        string t5 =
            """
            { "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 3, "scale_decoder_outputs": true,
              "tie_word_embeddings": true }
            """;
        Matrix row = Matrix.Of("base_model.model.shared.token_adapter.trainable_tokens_delta", 1, 3);
        using TinyFolder folder = new TinyFolder(t5, Shared.Named("shared.weight")).With("\"trainable_token_indices\": { \"shared\": [2] }", HeadA, HeadB, row);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        double[] shared = [.. Shared.AsDoubles()[..6], .. row.AsDoubles(), .. Shared.AsDoubles()[9..]];
        double[] head = Matrix.Add(Shared.AsDoubles(), HeadB, HeadA, 2);
        head = [.. head[..6], .. row.AsDoubles(), .. head[9..]];
        Matrix.AssertNear([.. head.Select(value => value / Math.Sqrt(3))], merged["lm_head.weight"]);
        foreach (string other in (string[])["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"])
            Assert.Equal(shared, merged[other]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        Assert.False((bool)config["scale_decoder_outputs"]!);
        folder.Passed();
    }

    [Fact]
    public async Task A_saved_head_of_T5_takes_over_the_scale_too()
    {
        string t5 = """{ "model_type": "mt5", "architectures": ["MT5ForConditionalGeneration"], "d_model": 3, "tie_word_embeddings": true }""";
        Matrix head = Matrix.Of("base_model.model.lm_head.weight", Shared.Shape[0], 3);
        using TinyFolder folder = new TinyFolder(t5, Shared.Named("shared.weight")).With("\"modules_to_save\": [\"lm_head\"]", head);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear([.. head.AsDoubles().Select(value => value / Math.Sqrt(3))], merged["lm_head.weight"]);
        Assert.Equal(Shared.AsDoubles(), merged["shared.weight"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        Assert.False(config.ContainsKey("scale_decoder_outputs"));
        folder.Passed();
    }

    [Theory]
    [InlineData("encoder.embed_tokens", "\"d_model\": 3")]
    [InlineData("decoder.embed_tokens", "\"d_model\": 3")]
    [InlineData("lm_head", "\"d_kv\": 3")]
    public async Task Embeddings_of_T5_that_would_be_one_again_when_loaded_are_refused(string module, string field)
    {
        string t5 = $$"""{ "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], {{field}} }""";
        using TinyFolder folder = new TinyFolder(t5, Shared.Named("shared.weight")).With("", module == "lm_head"
            ? [HeadA, HeadB]
            : [HeadA, HeadB, EmbeddingA.Named($"base_model.model.{module}.lora_embedding_A"), EmbeddingB.Named($"base_model.model.{module}.lora_embedding_B")]);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.TiedWeightsCannotPart, code);
        folder.Passed();
    }

    [Fact]
    public async Task A_head_that_an_untied_base_does_not_have_is_an_error()
    {
        string llama = """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"] }""";
        using TinyFolder folder = new TinyFolder(llama, Shared).With("", HeadA, HeadB);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ModuleNotInBase, code);
        folder.Passed();
    }

    [Fact]
    public async Task A_head_parts_from_the_resized_base_of_its_embedding()
    {
        Matrix copy = Matrix.Of("base_model.model.model.embed_tokens.base_layer.weight", 8, 3);
        Matrix a = Matrix.Of("base_model.model.model.embed_tokens.lora_embedding_A", 1, 8);
        using TinyFolder folder = new TinyFolder(Tied, Shared).With("", copy, a, EmbeddingB);

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Matrix.AssertNear(Matrix.Add(copy.AsDoubles(), EmbeddingB, a, 2, isTransposed: true), merged[Shared.Name]);
        Assert.Equal(copy.AsDoubles(), merged["lm_head.weight"]);
        Assert.Equal(8, (int)config["vocab_size"]!);
        folder.Passed();
    }

    [Fact]
    public async Task Files_of_a_bare_model_have_no_room_for_a_head()
    {
        using TinyFolder folder = new TinyFolder("""{ "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"] }""", Shared.Named("wte.weight")).With(
            "",
            HeadA,
            HeadB
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.HeadlessBaseCannotPart, code);
        folder.Passed();
    }
}
