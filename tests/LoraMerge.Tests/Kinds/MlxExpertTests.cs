using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

/// <summary>mlx_lm stacks the experts of every family; the base's files hold them in the way of the family.</summary>
public sealed class MlxExpertTests
{
    private const int Rank = 2;
    private const double Scale = 1.5;
    private const string Lora = """ "fine_tune_type": "lora", "lora_parameters": { "rank": 2, "scale": 1.5 } """;

    /// <summary>Sizes that leave no doubt, square experts, and a hidden size of twice the inner one.</summary>
    public static TheoryData<int, int> Sizes => new() { { 4, 5 }, { 4, 4 }, { 6, 3 } };

    [Theory]
    [InlineData(2, 2, 0)]
    [InlineData(3_000_000_000, 2, 0)]
    [InlineData(3_000_000_000, 0, 2)]
    public async Task Experts_without_a_number_are_refused(long experts, long rank, long inputs)
    {
        Matrix a = Matrix.Of("mlp.switch_mlp.up_proj.lora_a", experts, rank, inputs);
        Matrix b = Matrix.Of("mlp.switch_mlp.up_proj.lora_b", experts, 0, rank);
        using TinyFolder pairs = new TinyFolder("{}", Matrix.Of("q.weight", 2, 2)).WithMlx(Lora, a, b);
        using TinyFolder whole = new TinyFolder("{}", Matrix.Of("q.weight", 2, 2)).WithMlx(
            "\"fine_tune_type\": \"full\"",
            a.Named("mlp.switch_mlp.up_proj.weight")
        );

        DiagnosticCode codeOfPairs = await pairs.MergeFails();
        DiagnosticCode codeOfWhole = await whole.MergeFails();

        Assert.Equal(DiagnosticCode.RankMismatch, codeOfPairs);
        Assert.Equal(DiagnosticCode.AdapterTensorUnknown, codeOfWhole);
        pairs.Passed();
        whole.Passed();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Halves_output_by_input(int hidden, int inner) =>
        await Check("qwen3_5_moe", "mlp.switch_mlp", hidden, inner, new FusedLayout("mlp.experts.gate_up_proj", "mlp.experts.down_proj", FusedWay.Straight));

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Halves_input_by_output(int hidden, int inner) =>
        await Check(
            "llama4",
            "feed_forward.experts",
            hidden,
            inner,
            new FusedLayout("feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj", FusedWay.Turned)
        );

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Every_second_column_input_by_output(int hidden, int inner) =>
        await Check("gpt_oss", "mlp.experts", hidden, inner, new FusedLayout("mlp.experts.gate_up_proj", "mlp.experts.down_proj", FusedWay.TurnedInTurns));

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Granite_layers_with_all_experts(int hidden, int inner) =>
        await Check(
            "granitemoe",
            "block_sparse_moe.switch_mlp",
            hidden,
            inner,
            new FusedLayout("block_sparse_moe.input_linear.weight", "block_sparse_moe.output_linear.weight", FusedWay.Straight)
        );

    [Fact]
    public async Task Gemma_4_experts() =>
        await Check("gemma4", "experts.switch_glu", 4, 5, new FusedLayout("experts.gate_up_proj", "experts.down_proj", FusedWay.Straight));

    [Theory]
    [InlineData("mlp.switch_mlp", "mlp.experts", "gate_proj", "up_proj", "down_proj")]
    [InlineData("block_sparse_moe.switch_mlp", "block_sparse_moe.experts", "w1", "w3", "w2")] // Mixtral, PhiMoE, MiniMax
    [InlineData("feed_forward.switch_mlp", "feed_forward.experts", "w1", "w3", "w2")] // LFM2
    [InlineData("mlp.switch_mlp", "block_sparse_moe.experts", "w1", "w3", "w2")] // Kimi
    public async Task Experts_with_tensors_of_their_own(string stack, string files, string gate, string up, string down)
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(
            4,
            5,
            (layer, e) => $"model.layers.0.{files}.{e}.{layer switch { "gate_proj" => gate, "up_proj" => up, _ => down }}.weight"
        );
        Pair[] pairs = Pairs(stack, 4, 5);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "any", "tie_word_embeddings": false }""", [.. gates, .. ups, .. downs]).WithMlx(
            Lora,
            [.. pairs.SelectMany(pair => pair.Tensors)]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        foreach ((Matrix[] weights, Pair pair) in ((Matrix[], Pair)[])[(gates, pairs[0]), (ups, pairs[1]), (downs, pairs[2])])
        {
            for (int e = 0; e < TinyExperts.Count; e++)
                Matrix.AssertNear(pair.AddTo(weights[e], e), merged[weights[e].Name]);
        }
        folder.Passed();
    }

    [Theory]
    [InlineData("mlp.switch_mlp")]
    [InlineData("mlp.experts")]
    public async Task A_base_that_mlx_lm_saved(string stack)
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(4, 4, (layer, e) => $"{layer}.{e}");
        Pair[] pairs = Pairs(stack, 4, 4);
        Matrix[] stored =
        [
            TinyExperts.Stack($"model.layers.0.{stack}.gate_proj.weight", gates),
            TinyExperts.Stack($"model.layers.0.{stack}.up_proj.weight", ups),
            TinyExperts.Stack($"model.layers.0.{stack}.down_proj.weight", downs),
        ];
        using TinyFolder folder = new TinyFolder("""{ "model_type": "gpt_oss", "tie_word_embeddings": false }""", stored).WithMlx(
            Lora,
            [.. pairs.SelectMany(pair => pair.Tensors)]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear([.. Enumerable.Range(0, TinyExperts.Count).SelectMany(e => pairs[2].AddTo(downs[e], e))], merged[stored[2].Name]);
        Matrix.AssertNear([.. Enumerable.Range(0, TinyExperts.Count).SelectMany(e => pairs[0].AddTo(gates[e], e))], merged[stored[0].Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData("{ \"tie_word_embeddings\": false, \"hidden_size\": 4 }", 8)] // halves or in turns?
    [InlineData("{ \"tie_word_embeddings\": false, \"hidden_size\": 4, \"model_type\": \"llama4\" }", 12)] // neither way
    [InlineData("{ \"tie_word_embeddings\": false, \"model_type\": \"gpt_oss\" }", 4)] // stored as no gpt_oss is: output by input
    public async Task A_place_that_nothing_tells_is_refused(string config, int rows)
    {
        Pair[] pairs = Pairs("mlp.experts", 4, rows / 2);
        Matrix[] fused =
        [
            Matrix.Of("model.layers.0.mlp.experts.gate_up_proj", TinyExperts.Count, rows, 4),
            Matrix.Of("model.layers.0.mlp.experts.down_proj", TinyExperts.Count, 4, rows == 12 ? 7 : rows / 2),
        ];
        using TinyFolder folder = new TinyFolder(config, fused).WithMlx(Lora, pairs[0].Tensors);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ExpertPlaceUnknown, code);
        folder.Passed();
    }

    [Fact]
    public async Task Experts_of_another_size_are_refused()
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(4, 5, (layer, e) => $"{layer}.{e}");
        var layout = new FusedLayout("mlp.experts.gate_up_proj", "mlp.experts.down_proj", FusedWay.Straight);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "qwen3_5_moe", "tie_word_embeddings": false }""", layout.Fuse(gates, ups, downs)).WithMlx(
            Lora,
            Pairs("mlp.switch_mlp", 4, 6)[0].Tensors
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ShapeMismatch, code);
        folder.Passed();
    }

    private static async Task Check(string family, string stack, int hidden, int inner, FusedLayout layout)
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(hidden, inner, (layer, e) => $"{layer}.{e}");
        Pair[] pairs = Pairs(stack, hidden, inner);
        Matrix[] stored = layout.Fuse(gates, ups, downs);
        using TinyFolder folder = new TinyFolder($$"""{ "model_type": "{{family}}", "tie_word_embeddings": false }""", stored).WithMlx(
            Lora,
            [.. pairs.SelectMany(pair => pair.Tensors)]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        double[][] Sum(Matrix[] weights, Pair pair) => [.. weights.Select((weight, e) => pair.AddTo(weight, e))];
        (double[] gateUp, double[] down) = layout.Fuse(Sum(gates, pairs[0]), Sum(ups, pairs[1]), Sum(downs, pairs[2]), hidden, inner);
        Matrix.AssertNear(gateUp, merged[stored[0].Name]);
        Matrix.AssertNear(down, merged[stored[1].Name]);
        folder.Passed();
    }

    private static Pair[] Pairs(string stack, int hidden, int inner) =>
    [
        Pair.Of($"model.layers.0.{stack}.gate_proj", inner, hidden),
        Pair.Of($"model.layers.0.{stack}.up_proj", inner, hidden),
        Pair.Of($"model.layers.0.{stack}.down_proj", hidden, inner),
    ];

    private sealed record Pair(Matrix A, Matrix B)
    {
        public Matrix[] Tensors => [A, B];

        public static Pair Of(string layer, int outputs, int inputs) =>
            new(Matrix.Of(layer + ".lora_a", TinyExperts.Count, Rank, inputs), Matrix.Of(layer + ".lora_b", TinyExperts.Count, outputs, Rank));

        public double[] AddTo(Matrix weight, int expert) => Matrix.Add(weight.AsDoubles(), Slice(B, expert), Slice(A, expert), Scale);

        private static Matrix Slice(Matrix stack, int expert)
        {
            int length = (int)(stack.Shape[1] * stack.Shape[2]);
            return new Matrix("", [stack.Shape[1], stack.Shape[2]], stack.Values[(expert * length)..((expert + 1) * length)]);
        }
    }
}
