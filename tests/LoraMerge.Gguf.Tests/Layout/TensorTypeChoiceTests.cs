using System.Collections.Immutable;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Layout;

/// <summary>llama.cpp's choice of types where no case has a model large enough.</summary>
public sealed class TensorTypeChoiceTests
{
    private static readonly ImmutableArray<long> Wide = [512, 512];

    /// <summary>The first and last eighth of the layers, and every third between: as a file of Llama 3 8B has them.</summary>
    [Fact]
    public void Sixteen_of_32_layers_keep_more_bits()
    {
        TensorTypeChoice choice = Of(GgufQuantization.Q4_K_M, layers: 32);

        long[] more = [.. Enumerable.Range(0, 32).Where(
            layer => choice.Of($"blk.{layer}.ffn_down.weight", Wide) == GgufType.Q6_K).Select(layer => (long)layer)];

        Assert.Equal([0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31], more);
        Assert.Equal(more, Enumerable.Range(0, 32).Where(layer => choice.Of($"blk.{layer}.attn_v.weight", Wide) == GgufType.Q6_K).Select(layer => (long)layer));
        Assert.Equal(GgufType.Q4_K, choice.Of("blk.0.attn_q.weight", Wide));
        Assert.Equal(GgufType.Q4_K, choice.Of("token_embd.weight", Wide));
        Assert.Equal(GgufType.Q6_K, choice.Of("output.weight", Wide));
    }

    [Theory]
    [InlineData("token_embd.weight")]
    [InlineData("per_layer_token_embd.weight")]
    public void An_embedding_that_is_also_the_head_gets_the_type_of_the_head_and_so_do_those_of_layers(string name) =>
        Assert.Equal(GgufType.Q6_K, Of(GgufQuantization.Q4_K_M, layers: 4, hasHead: false).Of(name, Wide));

    [Theory]
    [InlineData("Q4_K_M", "Q5_K")]
    [InlineData("Q4_K_S", "Q5_K")]
    [InlineData("Q5_K_M", "Q5_K")]
    [InlineData("Q6_K", "Q6_K")]
    public void Eight_experts_get_more_bits_in_attention(string quantization, string output)
    {
        TensorTypeChoice choice = Of(Enum.Parse<GgufQuantization>(quantization), layers: 32, experts: 8);

        Assert.Equal(GgufType.Q8_0, choice.Of("blk.5.attn_v.weight", Wide));
        Assert.Equal(GgufType.Q8_0, choice.Of("blk.5.attn_k.weight", Wide));
        Assert.Equal(output, choice.Of("blk.5.attn_output.weight", Wide).ToString());
    }

    [Theory]
    [InlineData("llama", true, "Q5_K")]
    [InlineData("llama", false, "Q4_K")]
    [InlineData("qwen2", true, "Q5_K")]
    [InlineData("qwen3", true, "Q4_K")]
    public void Eighty_layers_that_share_values_among_heads_keep_more_bits_of_them(string architecture, bool hasGroupedHeads, string type) =>
        Assert.Equal(type,
            Of(GgufQuantization.Q4_K_M, layers: 80, architecture: architecture, hasGroupedHeads: hasGroupedHeads).Of("blk.11.attn_v.weight", Wide).ToString());

    [Theory]
    [InlineData("Q4_K_M", "per_layer_model_proj.weight", "F32")]
    [InlineData("Q4_0", "blk.0.laurel_l.weight", "F32")]
    [InlineData("Q6_K", "altup_proj.weight", "F32")]
    [InlineData("Q8_0", "per_layer_model_proj.weight", "Q8_0")]
    [InlineData("F16", "blk.0.laurel_l.weight", "F16")]
    [InlineData("F16", "blk.0.altup_predict_coef.weight", "F32")]
    [InlineData("BF16", "blk.0.ssm_conv1d.weight", "F32")]
    [InlineData("Q4_K_M", "blk.0.ssm_out.weight", "Q4_K")]
    [InlineData("Q4_K_M", "per_layer_token_embd.weight", "Q4_K")]
    public void Some_small_matrices_are_left_as_they_are(string quantization, string name, string type) =>
        Assert.Equal(type, Of(Enum.Parse<GgufQuantization>(quantization), layers: 32).Of(name, Wide).ToString());

    [Fact]
    public void The_small_mixture_keeps_more_bits_of_the_first_layers_only()
    {
        TensorTypeChoice choice = Of(GgufQuantization.Q4_K_S, layers: 32);

        Assert.Equal(["Q5_K", "Q5_K", "Q5_K", "Q5_K", "Q4_K"],
            Enumerable.Range(0, 5).Select(layer => choice.Of($"blk.{layer}.attn_v.weight", Wide).ToString()));
        Assert.Equal(["Q5_K", "Q5_K", "Q5_K", "Q5_K", "Q4_K"],
            Enumerable.Range(0, 5).Select(layer => choice.Of($"blk.{layer}.ffn_down.weight", Wide).ToString()));
    }

    [Theory]
    [InlineData("Q4_K_M", 96, "Q5_0", "Q8_0", "Q8_0")]
    [InlineData("Q5_K_M", 96, "Q5_1", "Q8_0", "Q8_0")]
    [InlineData("Q6_K", 96, "Q8_0", "Q8_0", "Q8_0")]
    [InlineData("Q4_0", 96, "Q4_0", "Q4_0", "Q8_0")]
    [InlineData("Q8_0", 96, "Q8_0", "Q8_0", "Q8_0")]
    [InlineData("Q4_K_M", 72, "F16", "F16", "F16")]
    [InlineData("Q4_0", 72, "F16", "F16", "F16")]
    [InlineData("Q8_0", 72, "F16", "F16", "F16")]
    public void Rows_that_do_not_divide_get_smaller_blocks(string quantization, long row, string plain, string more, string head)
    {
        TensorTypeChoice choice = Of(Enum.Parse<GgufQuantization>(quantization), layers: 4);

        Assert.Equal(plain, choice.Of("blk.0.attn_q.weight", [8, row]).ToString());
        Assert.Equal(more, choice.Of("blk.3.ffn_down.weight", [8, row]).ToString());
        Assert.Equal(head, choice.Of("output.weight", [8, row]).ToString());
    }

    [Theory]
    [InlineData("blk.0.attn_norm.weight", 1)]
    [InlineData("blk.0.attn_q_norm.weight", 2)]
    [InlineData("blk.0.attn_q.bias", 1)]
    [InlineData("blk.0.ffn_down_exps.bias", 2)]
    [InlineData("blk.0.ffn_gate_inp.weight", 2)]
    [InlineData("blk.0.ffn_gate_inp_shexp.weight", 2)]
    [InlineData("position_embd.weight", 2)]
    [InlineData("blk.0.shortconv.conv.weight", 2)]
    [InlineData("rope_freqs.weight", 1)]
    public void Norms_biases_and_small_tensors_stay_float32(string name, int dimensions) =>
        Assert.All(Enum.GetValues<GgufQuantization>(), quantization =>
            Assert.Equal(GgufType.F32, Of(quantization, layers: 4).Of(name, [.. Enumerable.Repeat(256L, dimensions)])));

    [Theory]
    [InlineData(DType.BF16, DType.F32, "BF16")]
    [InlineData(DType.F16, DType.F32, "F16")]
    [InlineData(DType.F32, DType.F32, "F32")]
    public void Auto_is_the_type_of_most_weights(DType weights, DType norms, string expected)
    {
        SourceTensor[] tensors = [new("norm", norms, [1_000_000]), new("small", DType.F32, [4, 4]), new("weight", weights, [64, 64])];

        Assert.Equal(expected, Quantizations.Parse("auto", tensors).ToString());
    }

    [Fact]
    public void A_quantization_that_is_not_there_is_refused_with_those_that_are()
    {
        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => Quantizations.Parse("Q3_K_M", []));

        Assert.Equal(LayoutFault.QuantizationUnknown, e.Fault);
        Assert.All(Quantizations.Names, name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
    }

    private static TensorTypeChoice Of(
        GgufQuantization quantization, long layers, long experts = 0, string architecture = "llama", bool hasGroupedHeads = true, bool hasHead = true) =>
        new(quantization, architecture, layers, experts, hasGroupedHeads,
            [
                "token_embd.weight",
                .. hasHead ? ["output.weight"] : (string[])[],
                .. Enumerable.Range(0, (int)layers).SelectMany(layer => (string[])[$"blk.{layer}.attn_v.weight", $"blk.{layer}.ffn_down.weight"]),
            ]);
}
