using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

/// <summary>Where modules and saved tensors go when the base has another form of the model, or is a larger one.</summary>
public sealed class NamePlaceTests
{
    private const string Composite = """
        {
          "model_type": "somevlm", "architectures": ["SomeVlmForConditionalGeneration"],
          "text_config": { "model_type": "sometext", "tie_word_embeddings": false }, "vision_config": { "model_type": "some_vision_model" }
        }
        """;

    private static readonly Matrix TextQuery = Matrix.Of("language_model.layers.0.q_proj.weight", 3, 3);
    private static readonly Matrix VisionQuery = Matrix.Of("vision_tower.layers.0.q_proj.weight", 3, 3);
    private static readonly Matrix A = Matrix.Of("layers.0.q_proj.lora_A.weight", 1, 3);
    private static readonly Matrix B = Matrix.Of("layers.0.q_proj.lora_B.weight", 3, 1);

    [Theory]
    [InlineData("\"task_type\": \"CAUSAL_LM\"", "language_model.layers.0.q_proj.weight")]
    [InlineData("\"auto_mapping\": { \"base_model_class\": \"SomeTextModel\" }", "language_model.layers.0.q_proj.weight")]
    [InlineData("\"auto_mapping\": { \"base_model_class\": \"SomeVisionModel\" }", "vision_tower.layers.0.q_proj.weight")]
    public async Task Of_two_places_the_one_of_the_trained_class_is_taken(string fields, string expected)
    {
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, VisionQuery).With(fields, A, B);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        foreach (Matrix weight in (Matrix[])[TextQuery, VisionQuery])
            Matrix.AssertNear(weight.Name == expected ? Matrix.Add(weight.AsDoubles(), B, A, 2) : weight.AsDoubles(), merged[weight.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Two_places_that_fit_alike_are_both_named()
    {
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, VisionQuery).With("", A, B);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.ModulePlaceAmbiguous, fault?.Code);
        Assert.Contains("'vision_tower.layers.0.q_proj' or 'language_model.layers.0.q_proj'", fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public async Task Two_places_of_an_adapter_that_holds_whole_tensors_alone_are_both_named()
    {
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, VisionQuery)
            .With("\"bias\": \"all\"", Matrix.Of("base_model.model.layers.0.q_proj.weight", 3, 3));

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.ModulePlaceAmbiguous, fault?.Code);
        folder.Passed();
    }

    [Fact]
    public async Task Of_two_places_the_one_that_has_the_saved_modules_is_taken()
    {
        Matrix saved = Matrix.Of("base_model.model.norm.weight", 3), norm = Matrix.Of("vision_tower.norm.weight", 3);
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, VisionQuery, norm).With("\"modules_to_save\": [\"norm\"]", A, B, saved);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(saved.AsDoubles(), merged[norm.Name]);
        Assert.Equal(TextQuery.AsDoubles(), merged[TextQuery.Name]);
        Matrix.AssertNear(Matrix.Add(VisionQuery.AsDoubles(), B, A, 2), merged[VisionQuery.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Of_two_places_the_one_of_the_shapes_is_taken()
    {
        Matrix narrow = Matrix.Of(VisionQuery.Name, 2, 2);
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, narrow).With("", A, B);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(TextQuery.AsDoubles(), B, A, 2), merged[TextQuery.Name]);
        Assert.Equal(narrow.AsDoubles(), merged[narrow.Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData("projector.linear.weight")]
    [InlineData("wrapped.projector.linear.weight")]
    [InlineData("model.projector.linear.weight")]
    public async Task A_saved_module_replaces_the_tensor_that_ends_as_it_does(string stored)
    {
        Matrix saved = Matrix.Of("base_model.model.other.projector.linear.weight", 2, 2);
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, Matrix.Of(stored, 2, 2))
            .With("\"task_type\": \"CAUSAL_LM\", \"modules_to_save\": [\"projector\"]", A, B, saved);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(saved.AsDoubles(), merged[stored]);
        Assert.Equal(2, merged.Count);
        folder.Passed();
    }

    [Fact]
    public async Task A_saved_module_that_two_tensors_are_like_is_refused()
    {
        using TinyFolder folder = new TinyFolder(Composite, TextQuery, Matrix.Of("image.projector.weight", 2, 2), Matrix.Of("video.projector.weight", 2, 2))
            .With("\"modules_to_save\": [\"projector\"]", A, B, Matrix.Of("base_model.model.projector.weight", 2, 2));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.SavedPlaceAmbiguous, code);
        folder.Passed();
    }

    [Fact]
    public async Task A_saved_module_that_is_no_head_and_nowhere_in_the_base_is_new_with_a_warning()
    {
        Matrix own = Matrix.Of("base_model.model.router.weight", 2, 2);
        using TinyFolder folder = new TinyFolder(Composite, TextQuery).With("\"modules_to_save\": [\"router\"]", A, B, own);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(own.AsDoubles(), merged["router.weight"]);
        Assert.Equal(DiagnosticCode.TensorIsNew, Assert.Single(folder.Warnings).Code);
        folder.Passed();
    }

    [Fact]
    public async Task A_classifier_of_files_without_a_head_is_new()
    {
        Matrix dense = Matrix.Of("base_model.model.classifier.dense.weight", 3, 3);
        Matrix other = Matrix.Of("encoder.layer.0.output.dense.weight", 3, 3);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "roberta", "architectures": ["RobertaModel"] }""", other)
            .With("\"task_type\": \"SEQ_CLS\"", dense, Matrix.Of("roberta.encoder.layer.0.output.dense.lora_A.weight", 1, 3),
                Matrix.Of("roberta.encoder.layer.0.output.dense.lora_B.weight", 3, 1));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(dense.AsDoubles(), merged["classifier.dense.weight"]);
        Assert.NotEqual(other.AsDoubles(), merged[other.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task A_saved_bias_goes_into_the_rows_of_the_fused_one()
    {
        string config = """{ "model_type": "nomic_bert", "architectures": ["NomicBertModel"] }""";
        Matrix weight = Matrix.Of("encoder.layers.0.attn.Wqkv.weight", 6, 2), bias = Matrix.Of("encoder.layers.0.attn.Wqkv.bias", 6);
        Matrix key = Matrix.Of("base_model.model.layers.0.self_attn.k_proj.bias", 2);
        Matrix a = Matrix.Of("layers.0.self_attn.v_proj.lora_A.weight", 1, 2), b = Matrix.Of("layers.0.self_attn.v_proj.lora_B.weight", 2, 1);
        using TinyFolder folder = new TinyFolder(config, weight, bias).With("\"bias\": \"all\"", key, a, b);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal([.. bias.AsDoubles()[..2], .. key.AsDoubles(), .. bias.AsDoubles()[4..]], merged[bias.Name]);
        Matrix.AssertNear([.. weight.AsDoubles()[..8], .. Matrix.Add(weight.AsDoubles()[8..], b, a, 2)], merged[weight.Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData("q_proj", 4, 0)]
    [InlineData("k_proj", 2, 4)]
    [InlineData("v_proj", 2, 6)]
    public async Task A_projection_of_a_Phi_trained_as_a_Llama_is_rows_of_the_joined_one(string projection, int rows, int first)
    {
        string config = """{ "model_type": "phi3", "architectures": ["Phi3ForCausalLM"], "num_attention_heads": 2, "num_key_value_heads": 1 }""";
        Matrix weight = Matrix.Of("model.layers.0.self_attn.qkv_proj.weight", 8, 3);
        Matrix a = Matrix.Of($"model.layers.0.self_attn.{projection}.lora_A.weight", 1, 3),
            b = Matrix.Of($"model.layers.0.self_attn.{projection}.lora_B.weight", rows, 1);
        using TinyFolder folder = new TinyFolder(config, weight).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] before = weight.AsDoubles();
        Matrix.AssertNear([.. before[..(3 * first)], .. Matrix.Add(before[(3 * first)..(3 * (first + rows))], b, a, 2), .. before[(3 * (first + rows))..]],
            merged);
        folder.Passed();
    }

    [Fact]
    public async Task A_joined_pair_is_dealt_out_to_projections_apart()
    {
        Matrix[] weights = [
            .. ((string, int)[])[("q", 4), ("k", 2), ("v", 2)] is var parts
            ? parts.Select(part => Matrix.Of($"model.layers.0.self_attn.{part.Item1}_proj.weight", part.Item2, 3)) : []];
        Matrix a = Matrix.Of("model.layers.0.self_attn.qkv_proj.lora_A.weight", 1, 3), b = Matrix.Of("model.layers.0.self_attn.qkv_proj.lora_B.weight", 8, 1);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "llama", "architectures": ["LlamaForCausalLM"] }""", weights).With("", a, b);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        double[] whole = Matrix.Add([.. weights.SelectMany(weight => weight.AsDoubles())], b, a, 2);
        Matrix.AssertNear(whole, [.. weights.SelectMany(weight => merged[weight.Name])]);
        folder.Passed();
    }

    /// <summary>Families of their own code use GPT-2's layers, or its names for others.</summary>
    [Theory]
    [InlineData("jais", true)]
    [InlineData("qwen", false)]
    [InlineData("gpt_bigcode", false)]
    public async Task A_square_projection_lies_as_the_others_of_its_block_show(string family, bool isTransposed)
    {
        Matrix attention = isTransposed ? Matrix.Of("transformer.h.0.attn.c_attn.weight", 3, 9) : Matrix.Of("transformer.h.0.attn.c_attn.weight", 9, 3);
        Matrix weight = Matrix.Of("transformer.h.0.attn.c_proj.weight", 3, 3);
        Matrix a = Matrix.Of("transformer.h.0.attn.c_proj.lora_A.weight", 1, 3), b = Matrix.Of("transformer.h.0.attn.c_proj.lora_B.weight", 3, 1);
        using TinyFolder folder = new TinyFolder($$"""{ "model_type": "{{family}}" }""", attention, weight).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2, isTransposed), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("codegen", "attn.qkv_proj", "attn.q_proj", "'attn.qkv_proj' [9, 3] there, in which 'q_proj' is fused")]
    [InlineData("llama", "attn.other_proj", "attn.q_proj", "Nearest to 'attn.q_proj' the base has 'attn.other_proj.weight' [9, 3]")]
    public async Task What_is_nowhere_is_named_with_what_is_nearest(string family, string stored, string live, string expected)
    {
        using TinyFolder folder = new TinyFolder($$"""{ "model_type": "{{family}}" }""", Matrix.Of(stored + ".weight", 9, 3))
            .With("", Matrix.Of(live + ".lora_A.weight", 1, 3), Matrix.Of(live + ".lora_B.weight", 3, 1));

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.ModuleNotInBase, fault?.Code);
        Assert.Contains(expected, fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public async Task A_tie_of_a_thinker_ends_in_each_configuration_around_it()
    {
        string omni = """
            {
              "model_type": "qwen2_5_omni", "architectures": ["Qwen2_5OmniModel"],
              "thinker_config": { "model_type": "qwen2_5_omni_thinker", "text_config": { "model_type": "qwen2_5_omni_text", "tie_word_embeddings": true } }
            }
            """;
        Matrix embedding = Matrix.Of("thinker.model.embed_tokens.weight", 5, 3);
        using TinyFolder folder =
            new TinyFolder(omni, embedding, Matrix.Of("thinker.lm_head.weight", 5, 3) with { Values = embedding.Values },
            Matrix.Of("talker.model.embed_tokens.weight", 5, 3))
            .With("\"task_type\": \"CAUSAL_LM\"", Matrix.Of("lm_head.lora_A.weight", 1, 3), Matrix.Of("lm_head.lora_B.weight", 5, 1));

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(embedding.AsDoubles(), merged[embedding.Name]);
        Assert.NotEqual(embedding.AsDoubles(), merged["thinker.lm_head.weight"]);
        Assert.False((bool)config["thinker_config"]!["text_config"]!["tie_word_embeddings"]!);
        Assert.False((bool)config["thinker_config"]!["tie_word_embeddings"]!);
        Assert.False((bool)config["tie_word_embeddings"]!);
        folder.Passed();
    }
}
