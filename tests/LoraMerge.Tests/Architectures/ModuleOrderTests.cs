using System.Collections.Immutable;
using LoraMerge.Architectures;

namespace LoraMerge.Tests.Architectures;

/// <summary>Modules stand in the order in which their classes make them.</summary>
public sealed class ModuleOrderTests
{
    [Theory]
    [InlineData(
        "llama",
        "model.embed_tokens model.layers.2.self_attn.q_proj model.layers.2.self_attn.v_proj model.layers.2.self_attn.o_proj model.layers.2.mlp.gate_proj "
            + "model.layers.2.mlp.down_proj model.layers.10.self_attn.q_proj lm_head"
    )]
    [InlineData(
        "opt",
        "model.decoder.layers.0.self_attn.k_proj model.decoder.layers.0.self_attn.v_proj model.decoder.layers.0.self_attn.q_proj "
            + "model.decoder.layers.0.self_attn.out_proj model.decoder.layers.0.fc1 model.decoder.layers.0.fc2"
    )]
    [InlineData("gpt2", "transformer.wte transformer.h.0.attn.c_attn transformer.h.0.attn.c_proj transformer.h.0.mlp.c_fc transformer.h.0.mlp.c_proj")]
    [InlineData(
        "t5",
        "shared encoder.block.0.layer.0.SelfAttention.q encoder.block.0.layer.1.DenseReluDense.wi decoder.block.0.layer.0.SelfAttention.v "
            + "decoder.block.0.layer.0.SelfAttention.o lm_head"
    )]
    [InlineData(
        "bert",
        "bert.encoder.layer.0.attention.self.query bert.encoder.layer.0.attention.self.value bert.encoder.layer.0.attention.output.dense "
            + "bert.encoder.layer.0.intermediate.dense bert.encoder.layer.0.output.dense classifier"
    )]
    [InlineData("phi3", "model.layers.0.self_attn.o_proj model.layers.0.self_attn.qkv_proj model.layers.0.mlp.gate_up_proj model.layers.0.mlp.down_proj")]
    [InlineData(
        "llava",
        "model.vision_tower.layers.0.self_attn.k_proj model.vision_tower.layers.0.self_attn.q_proj model.language_model.layers.0.self_attn.q_proj "
            + "model.language_model.layers.0.self_attn.k_proj"
    )]
    public void Of_each_family(string family, string expected)
    {
        string[] modules = expected.Split(' ');

        ImmutableArray<string> sorted = ModuleOrder.Sort(modules.Order(StringComparer.Ordinal), family, out (string, string)? unknown);

        Assert.Equal(modules, sorted);
        Assert.Null(unknown);
    }

    [Fact]
    public void A_pair_that_no_class_is_known_to_have_is_told()
    {
        ModuleOrder.Sort(["net.1.other", "net.1.first", "net.0.first"], "llama", out (string First, string Second)? unknown);

        Assert.Equal(["net.1.first", "net.1.other"], ((string[])[unknown!.Value.First, unknown.Value.Second]).Order(StringComparer.Ordinal));
    }
}
