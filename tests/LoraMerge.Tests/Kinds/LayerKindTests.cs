using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests.Kinds;

/// <summary>Layers other than linear ones.</summary>
public sealed class LayerKindTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(3, 2)]
    [InlineData(2, 3, 4)]
    public async Task Convolutions_of_any_dimension_are_the_product_of_flattened_kernels(params int[] kernel)
    {
        long[] sides = [.. kernel.Select(side => (long)side)];
        Matrix weight = Matrix.Of("conv.weight", [4, 3, .. sides]);
        Matrix a = Matrix.Of("conv.lora_A.weight", [1, 3, .. sides]);
        Matrix b = Matrix.Of("conv.lora_B.weight", [4, 1, .. sides.Select(_ => 1L)]);
        using TinyFolder folder = new TinyFolder("{}", weight).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors["conv.weight"];

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2), merged);
        folder.Passed();
    }

    [Fact]
    public async Task A_convolution_with_DoRA_has_a_magnitude_for_each_output()
    {
        Matrix weight = Matrix.Of("conv.weight", 4, 3, 2);
        Matrix a = Matrix.Of("conv.lora_A.weight", 1, 3, 2);
        Matrix b = Matrix.Of("conv.lora_B.weight", 4, 1, 1);
        Matrix magnitude = Matrix.Of("conv.lora_magnitude_vector.weight", 1, 4, 1);
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"use_dora\": true", a, b, magnitude);

        double[] merged = (await folder.Merge()).Tensors["conv.weight"];

        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(weight.AsDoubles(), b, a, 2), magnitude), merged);
        folder.Passed();
    }

    /// <summary>PEFT gives B groups of its own where the base's convolution has them; a B without them fits no better.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_convolution_in_groups_is_refused_as_that(long ranksOfGroup)
    {
        Matrix weight = Matrix.Of("conv.weight", 4, 2, 3);
        using TinyFolder folder = new TinyFolder("{}", weight).With(
            "\"r\": 2",
            Matrix.Of("conv.lora_A.weight", 2, 4, 3),
            Matrix.Of("conv.lora_B.weight", 4, ranksOfGroup, 1)
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.GroupedConvolution, code);
        folder.Passed();
    }

    [Fact]
    public async Task An_attention_gets_its_projection_of_inputs_once_and_that_of_outputs_twice_as_it_was_trained()
    {
        Matrix inputs = Matrix.Of("attn.in_proj_weight", 6, 2);
        Matrix output = Matrix.Of("attn.out_proj.weight", 2, 2);
        Matrix a = Matrix.Of("base_model.model.attn.lora_A.weight", 1, 2);
        Matrix b = Matrix.Of("base_model.model.attn.lora_B.weight", 6, 1);
        Matrix outA = Matrix.Of("base_model.model.attn.base_layer.out_proj.lora_A.weight", 1, 2);
        Matrix outB = Matrix.Of("base_model.model.attn.base_layer.out_proj.lora_B.weight", 2, 1);
        using TinyFolder folder = new TinyFolder("{}", inputs, output).With("", a, b, outA, outB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(inputs.AsDoubles(), b, a, 2), merged[inputs.Name]);
        Matrix.AssertNear(Matrix.Add(output.AsDoubles(), outB, outA, 4), merged[output.Name]);
        folder.Passed();
    }

    /// <summary>PEFT gives the inner projection the rank and alpha of the attention; its own path matches no key.</summary>
    [Fact]
    public async Task Patterns_of_an_attention_hold_for_its_projection_of_outputs()
    {
        Matrix inputs = Matrix.Of("attn.in_proj_weight", 6, 2);
        Matrix output = Matrix.Of("attn.out_proj.weight", 2, 2);
        Matrix a = Matrix.Of("base_model.model.attn.lora_A.weight", 2, 2);
        Matrix b = Matrix.Of("base_model.model.attn.lora_B.weight", 6, 2);
        Matrix outA = Matrix.Of("base_model.model.attn.base_layer.out_proj.lora_A.weight", 2, 2);
        Matrix outB = Matrix.Of("base_model.model.attn.base_layer.out_proj.lora_B.weight", 2, 2);
        const string patterns = "\"rank_pattern\": { \"attn\": 2 }, \"alpha_pattern\": { \"attn\": 12, \"attn.out_proj\": 5 }";
        using TinyFolder folder = new TinyFolder("{}", inputs, output).With(patterns, a, b, outA, outB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(inputs.AsDoubles(), b, a, 6), merged[inputs.Name]);
        Matrix.AssertNear(Matrix.Add(output.AsDoubles(), outB, outA, 12), merged[output.Name]);
        folder.Passed();
    }

    /// <summary>PEFT of 2026 leaves the adapter's name in biases of saved modules; what the file has without it is the same tensor.</summary>
    [Fact]
    public async Task A_second_copy_of_a_saved_bias_below_the_name_of_the_adapter_makes_no_new_tensor()
    {
        Matrix weight = Matrix.Of("proj.weight", 4, 3), bias = Matrix.Of("head.out.bias", 2);
        Matrix a = Matrix.Of("base_model.model.proj.lora_A.weight", 1, 3), b = Matrix.Of("base_model.model.proj.lora_B.weight", 4, 1);
        Matrix trained = Matrix.Of("base_model.model.head.out.bias", 2), copy = trained.Named("base_model.model.head.modules_to_save.v_2.out.bias");
        using TinyFolder folder = new TinyFolder("{}", weight, bias).With("\"bias\": \"all\", \"modules_to_save\": [\"head\"]", a, b, trained, copy);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal([bias.Name, weight.Name], merged.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(trained.AsDoubles(), merged[bias.Name]);
        folder.Passed();
    }

    /// <summary>An attention of torch has linear layers, whatever the adapter says of its weights.</summary>
    [Fact]
    public async Task The_square_projection_of_an_attention_is_a_linear_layer()
    {
        Matrix inputs = Matrix.Of("attn.in_proj_weight", 6, 2), output = Matrix.Of("attn.out_proj.weight", 2, 2);
        Matrix a = Matrix.Of("base_model.model.attn.out_proj.lora_A.weight", 1, 2), b = Matrix.Of("base_model.model.attn.out_proj.lora_B.weight", 2, 1);
        using TinyFolder folder = new TinyFolder("{}", inputs, output).With("\"fan_in_fan_out\": true", a, b);

        double[] merged = (await folder.Merge()).Tensors[output.Name];

        Matrix.AssertNear(Matrix.Add(output.AsDoubles(), b, a, 2), merged);
        folder.Passed();
    }

    /// <summary>A norm that was trained whole counts its batches in a whole number, which computes nothing: the base's stays.</summary>
    [Fact]
    public async Task The_counter_of_a_saved_norm_is_left_out()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().Filled("bn.weight", DType.F32, 3).With("bn.num_batches_tracked", DType.I64, [], 7),
            TinyAdapter.ForLlama().Config("modules_to_save", new JsonArray("bn"))
                .With("bn.weight", DType.F32, [3], 5, 6, 7).With("bn.num_batches_tracked", DType.I64, [], 9));

        await bench.MergeAsync();

        Dictionary<string, StoredTensor> merged = TensorTable.Headers(bench.OutputPath);
        Assert.Equal([5, 6, 7], TensorTable.Values(merged["bn.weight"]));
        Assert.Equal(
            File.ReadAllBytes(bench.InBase("model.safetensors")).AsSpan((int)TensorTable.Headers(bench.Base)["bn.num_batches_tracked"].FileOffset, 8),
            File.ReadAllBytes(merged["bn.num_batches_tracked"].File).AsSpan((int)merged["bn.num_batches_tracked"].FileOffset, 8));
        bench.Passed();
    }

    [Fact]
    public async Task An_embedding_scaled_by_its_family_divides_the_change_of_an_old_release()
    {
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 6, 4);
        Matrix a = Matrix.Of("model.embed_tokens.lora_embedding_A", 1, 6);
        Matrix b = Matrix.Of("model.embed_tokens.lora_embedding_B", 4, 1);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "gemma3_text", "hidden_size": 4, "tie_word_embeddings": false }""", embedding).With(
            "\"peft_version\": \"0.17.1\"",
            a,
            b
        );

        double[] merged = (await folder.Merge()).Tensors[embedding.Name];

        Matrix.AssertNear(Matrix.Add(embedding.AsDoubles(), b, a, 1, isTransposed: true), merged);
        Assert.Contains(folder.Warnings, warning => warning.Code == DiagnosticCode.EmbeddingScaleAssumed);
        folder.Passed();
    }

    [Theory]
    [InlineData("\"peft_version\": \"0.18.0\"", null, null)]
    [InlineData("\"peft_version\": \"0.17.1\"", null, DiagnosticCode.TrainedWithoutScale)]
    [InlineData("\"peft_version\": \"0.17.1\"", "0.18.1", DiagnosticCode.AdapterReleaseContradicted)]
    [InlineData("\"peft_version\": null", null, DiagnosticCode.TrainedTokensScaleAssumed)]
    [InlineData("\"peft_version\": null", "0.20.0", null)]
    [InlineData("\"peft_version\": null", "0.16.0", DiagnosticCode.TrainedWithoutScale)]
    public async Task Tokens_of_a_scaled_embedding_are_refused_from_releases_that_lost_the_factor(string fields, string? asked, DiagnosticCode? code)
    {
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 6, 4);
        Matrix rows = Matrix.Of("base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", 2, 4);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "gemma3_text", "hidden_size": 4, "tie_word_embeddings": false }""", embedding)
            .With(fields + ", \"trainable_token_indices\": { \"embed_tokens\": [5, 1] }", new AdapterRequest("") { AdapterVersion = asked }, rows);

        if (code == DiagnosticCode.TrainedWithoutScale)
        {
            Assert.Equal(code, await folder.MergeFails());
        }
        else
        {
            double[] merged = (await folder.Merge()).Tensors[embedding.Name];

            Assert.Equal([.. embedding.AsDoubles()[..4], .. rows.AsDoubles()[4..], .. embedding.AsDoubles()[8..20], .. rows.AsDoubles()[..4]], merged);
            Assert.Equal(code is null ? [] : [code.Value], folder.Warnings.Select(warning => warning.Code));
        }
        folder.Passed();
    }
}
