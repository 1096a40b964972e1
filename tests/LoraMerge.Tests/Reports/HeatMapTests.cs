using LoraMerge.Reports;

namespace LoraMerge.Tests.Reports;

/// <summary>Where a tensor stands in a map of blocks and modules, and which colour its numbers get.</summary>
public sealed class HeatMapTests
{
    [Theory]
    [InlineData("model.layers.12.self_attn.q_proj.weight", "model.layers", 12, "self_attn.q_proj")]
    [InlineData("transformer.h.0.attn.c_attn.bias", "transformer.h", 0, "attn.c_attn.bias")]
    [InlineData("model.language_model.layers.3.mlp.up_proj.weight", "model.language_model.layers", 3, "mlp.up_proj")]
    [InlineData("model.layers.7.mlp.experts.31.w1.weight", "model.layers", 7, "mlp.experts.*.w1")]
    [InlineData("0.weight", "", 0, "weight")]
    public void A_name_tells_block_and_module(string name, string stack, int block, string module)
    {
        HeatMap map = MapOf(name);

        HeatStack only = Assert.Single(map.Stacks);
        Assert.Equal((stack, block, module), (only.Name, Assert.Single(only.Rows).Block, Assert.Single(only.Modules)));
    }

    [Theory]
    [InlineData("model.embed_tokens.weight", "model.embed_tokens")]
    [InlineData("layers.99999999999.x.weight", "layers.99999999999.x")]
    [InlineData("1.", "1.")]
    public void What_has_no_block_stands_beside(string name, string shown)
    {
        HeatMap map = MapOf(name);

        Assert.Empty(map.Stacks);
        Assert.Equal(shown, Assert.Single(map.Outside).Module);
    }

    [Fact]
    public void Modules_stand_in_the_order_of_a_block()
    {
        string[] modules = ["mlp.up_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.down_proj", "self_attn.k_proj", "mlp.gate_proj", "self_attn.q_proj"];

        HeatMap map = MapOf([.. modules.Select(module => $"model.layers.0.{module}.weight")]);

        Assert.Equal(
            ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
            map.Stacks[0].Modules);
    }

    [Fact]
    public void Experts_share_a_cell_whose_change_is_that_of_all_their_weights()
    {
        MergeReport report = ReportExamples.Of(
        [
            new ReportedTensor("l.0.experts.0.w.weight", null, []) { WeightNorm = 3, DeltaNorm = 0.3, RelativeChange = 0.1 },
            new ReportedTensor("l.0.experts.1.w.weight", null, []) { WeightNorm = 4, DeltaNorm = 0.4, RelativeChange = 0.1 },
            new ReportedTensor("l.0.experts.2.w.weight", null, []) { WeightNorm = 12, DeltaNorm = 0, RelativeChange = 0 },
        ]);

        HeatCell cell = HeatMap.Of(report.Tensors).Stacks[0].Rows[0].Cells[0]!;

        Assert.Equal(0.5 / 13, HeatMetric.Of(report)[0].Value(cell.Tensors)!.Value, 1e-12);
    }

    [Fact]
    public void Steps_are_equal_or_equal_factors_where_numbers_differ_much()
    {
        var near = new HeatScale([1, 7]);
        var far = new HeatScale([1e-4, 1e-1]);

        Assert.Equal((false, true), (near.IsLogarithmic, far.IsLogarithmic));
        Assert.Equal([0, 4, 8], ((double[])[1, 4, 7]).Select(near.StepOf));
        Assert.Equal([0, 4, 8], ((double[])[1e-4, Math.Sqrt(1e-5), 1e-1]).Select(far.StepOf));
        Assert.All(Enumerable.Range(0, HeatScale.StepCount), step => Assert.Equal(step, far.StepOf(far.EdgeOf(step) * 1.0001)));
        Assert.True(new HeatScale([2, 2]).IsFlat);
        Assert.True(new HeatScale([]).IsFlat);
    }

    private static HeatMap MapOf(params string[] names) => HeatMap.Of([.. names.Select(name => new ReportedTensor(name, null, []))]);
}
