using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds;

/// <summary>Experts that were trained whole go where the base has them, one by one or fused.</summary>
public sealed class SavedExpertTests
{
    private const int Hidden = 4;
    private const int Inner = 4; // square, so that shapes alone do not tell the way
    private const string Config = """{ "model_type": "FAMILY", "tie_word_embeddings": false }""";

    [Theory]
    [InlineData("mlp.experts", "mlp.experts", "gate_proj", "up_proj", "down_proj", 1.0)]
    [InlineData("mlp.experts", "block_sparse_moe.experts", "w1", "w3", "w2", 1.0)]
    [InlineData("feed_forward.experts", "feed_forward.experts", "w1", "w3", "w2", 0.25)]
    public async Task Fused_ones_are_split_for_files_with_experts_one_by_one(string module, string files, string gate, string up, string down, double weight)
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(
            Hidden,
            Inner,
            (layer, e) => $"model.layers.0.{files}.{e}.{layer switch { "gate_proj" => gate, "up_proj" => up, _ => down }}.weight"
        );
        (Matrix[] newGates, Matrix[] newUps, Matrix[] newDowns) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"new {layer} {e}");
        Matrix[] saved = new FusedLayout($"{module}.gate_up_proj", $"{module}.down_proj", FusedWay.Straight).Fuse(newGates, newUps, newDowns);
        using TinyFolder folder = new TinyFolder(Config, [.. gates, .. ups, .. downs]).With(
            "\"modules_to_save\": [\"experts\"]",
            new AdapterRequest("", weight),
            [.. saved.Select(tensor => tensor.Named("base_model.model." + tensor.Name))]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        foreach ((Matrix before, Matrix after) in gates.Concat(ups).Concat(downs).Zip(newGates.Concat(newUps).Concat(newDowns)))
            Matrix.AssertNear(Between(before, after, weight), merged[before.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Fused_ones_of_another_size_are_refused()
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"mlp.experts.{e}.{layer}.weight");
        using TinyFolder folder = new TinyFolder(Config, [.. gates, .. ups, .. downs]).With(
            "\"modules_to_save\": [\"experts\"]",
            Matrix.Of("mlp.experts.gate_up_proj", TinyExperts.Count, Hidden, 2 * Inner)
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ShapeMismatch, code);
        folder.Passed();
    }

    [Theory]
    [InlineData("gemma4", "experts.switch_glu", "experts.gate_up_proj", "experts.down_proj", "Straight")]
    [InlineData("llama4", "feed_forward.experts", "feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj", "Turned")]
    [InlineData("gpt_oss", "mlp.experts", "mlp.experts.gate_up_proj", "mlp.experts.down_proj", "TurnedInTurns")]
    [InlineData("granitemoe", "block_sparse_moe.switch_mlp", "block_sparse_moe.input_linear.weight", "block_sparse_moe.output_linear.weight", "Straight")]
    public async Task Stacks_of_mlx_lm_take_their_place_in_fused_ones(string family, string stack, string gateUp, string down, string way)
    {
        var layout = new FusedLayout(gateUp, down, Enum.Parse<FusedWay>(way));
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"{layer} {e}");
        (Matrix[] newGates, Matrix[] newUps, Matrix[] newDowns) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"new {layer} {e}");
        Matrix[] before = layout.Fuse(gates, ups, downs);
        Matrix[] after = layout.Fuse(newGates, newUps, newDowns);
        using TinyFolder folder = new TinyFolder(Config.Replace("FAMILY", family, StringComparison.Ordinal), before).WithMlx("\"fine_tune_type\": \"full\"",
            TinyExperts.Stack($"model.layers.0.{stack}.gate_proj.weight", newGates),
            TinyExperts.Stack($"model.layers.0.{stack}.up_proj.weight", newUps),
            TinyExperts.Stack($"model.layers.0.{stack}.down_proj.weight", newDowns));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(after[0].AsDoubles(), merged[after[0].Name]);
        Assert.Equal(after[1].AsDoubles(), merged[after[1].Name]);
        folder.Passed();
    }

    [Fact]
    public async Task One_expert_moves_by_its_weight_and_takes_the_change_of_a_second_adapter()
    {
        var layout = new FusedLayout("mlp.experts.gate_up_proj", "mlp.experts.down_proj", FusedWay.TurnedInTurns);
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"{layer} {e}");
        Matrix saved = Matrix.Of("base_model.model.model.layers.0.mlp.experts.2.up_proj.weight", Inner, Hidden);
        Matrix a = Matrix.Of("base_model.model.model.layers.0.mlp.experts.2.up_proj.lora_A.weight", 1, Hidden);
        Matrix b = Matrix.Of("base_model.model.model.layers.0.mlp.experts.2.up_proj.lora_B.weight", Inner, 1);
        Matrix[] before = layout.Fuse(gates, ups, downs);
        using TinyFolder folder = new TinyFolder(Config.Replace("FAMILY", "gpt_oss", StringComparison.Ordinal), before)
            .With("\"modules_to_save\": [\"up_proj\"]", new AdapterRequest("", 0.25), saved).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors[before[0].Name];

        double[][] expected = [.. ups.Select(up => up.AsDoubles())];
        expected[2] = Matrix.Add(Between(ups[2], saved, 0.25), b, a, 2);
        Matrix.AssertNear(
            layout.Fuse([.. gates.Select(gate => gate.AsDoubles())], expected, [.. downs.Select(down => down.AsDoubles())], Hidden, Inner).GateUp,
            merged
        );
        folder.Passed();
    }

    [Fact]
    public async Task A_second_adapter_with_whole_experts_is_refused()
    {
        var layout = new FusedLayout("mlp.experts.gate_up_proj", "mlp.experts.down_proj", FusedWay.Straight);
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"{layer} {e}");
        Matrix saved = Matrix.Of("base_model.model.model.layers.0.mlp.experts.1.up_proj.weight", Inner, Hidden);
        using TinyFolder folder = new TinyFolder(Config, layout.Fuse(gates, ups, downs))
            .With("\"modules_to_save\": [\"up_proj\"]", saved)
            .With("\"modules_to_save\": [\"up_proj\"]", saved);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.TensorReplacedTwice, code);
        folder.Passed();
    }

    private static double[] Between(Matrix before, Matrix after, double weight) =>
        [.. before.AsDoubles().Zip(after.AsDoubles(), (from, to) => from + (weight * (to - from)))];
}
