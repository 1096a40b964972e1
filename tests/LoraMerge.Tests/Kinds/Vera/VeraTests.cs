using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.Vera;

public sealed class VeraTests : KindContract
{
    private protected override string PeftType => "VERA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    [Fact]
    public async Task Matrices_that_are_not_in_the_file_are_drawn_as_large_as_the_largest_module_needs_them()
    {
        Layer wide = Layer.Linear(4, 8),
            high = Layer.Linear(12, 4, "model.layers.0.mlp.down_proj");
        Matrix[] factors =
        [
            wide.Tensor("vera_lambda_b", 4),
            wide.Tensor("vera_lambda_d", 2),
            high.Tensor("vera_lambda_b", 12),
            high.Tensor("vera_lambda_d", 2),
        ];
        using TinyFolder folder = new TinyFolder("{}", wide.Weight, high.Weight).With(
            "\"peft_type\": \"VERA\", \"r\": 2, \"save_projection\": false, \"projection_prng_key\": 3",
            factors
        );

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        // The first numbers of A are drawn first, for 8 inputs; those of B after 2·8 of them.
        (double[] a, double[] b) = Drawn.Uniform(3, (2 * 8, Math.Sqrt(6.0 / 8)), (12 * 2, Math.Sqrt(6.0 / 2)));
        Matrix.AssertNear(wide.Plus((o, i) => Sum(factors[0], factors[1], o, i)), merged[wide.Weight.Name]);
        Matrix.AssertNear(high.Plus((o, i) => Sum(factors[2], factors[3], o, i)), merged[high.Weight.Name]);
        folder.Passed();

        double Sum(Matrix lambdaB, Matrix lambdaD, int o, int i) =>
            lambdaB.Values[o] * Enumerable.Range(0, 2).Sum(r => b[(o * 2) + r] * lambdaD.Values[r] * a[(r * 8) + i]);
    }

    /// <summary>The head is the largest module, though the files hold its weight as the embedding alone.</summary>
    [Fact]
    public async Task Matrices_are_drawn_for_a_head_that_is_tied_too()
    {
        Layer query = Layer.Linear(4, 8, "model.layers.0.self_attn.q_proj"), head = Layer.Linear(12, 8, "lm_head");
        Matrix embedding = head.Weight.Named("model.embed_tokens.weight");
        Matrix[] factors =
            [query.Tensor("vera_lambda_b", 4), query.Tensor("vera_lambda_d", 2), head.Tensor("vera_lambda_b", 12), head.Tensor("vera_lambda_d", 2)];
        using TinyFolder folder = new TinyFolder(
            """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true }""", embedding, query.Weight
        ).With("\"peft_type\": \"VERA\", \"r\": 2, \"save_projection\": false, \"projection_prng_key\": 3", factors);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        (double[] a, double[] b) = Drawn.Uniform(3, (2 * 8, Math.Sqrt(6.0 / 8)), (12 * 2, Math.Sqrt(6.0 / 2)));
        Matrix.AssertNear(query.Plus((o, i) => Sum(factors[0], factors[1], o, i)), merged[query.Weight.Name]);
        Matrix.AssertNear(head.Plus((o, i) => Sum(factors[2], factors[3], o, i)), merged[head.Weight.Name]);
        folder.Passed();

        double Sum(Matrix lambdaB, Matrix lambdaD, int o, int i) =>
            lambdaB.Values[o] * Enumerable.Range(0, 2).Sum(r => b[(o * 2) + r] * lambdaD.Values[r] * a[(r * 8) + i]);
    }

    [Fact]
    public async Task A_file_that_should_hold_the_matrices_and_does_not_is_refused()
    {
        Layer layer = Layer.Linear(4, 8);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            "\"peft_type\": \"VERA\", \"r\": 2",
            layer.Tensor("vera_lambda_b", 4),
            layer.Tensor("vera_lambda_d", 2)
        );

        Assert.Equal(DiagnosticCode.HalfAPair, await folder.MergeFails());
        folder.Passed();
    }

    [Theory]
    [InlineData("vera_only", true)]
    [InlineData("all", true)]
    [InlineData("none", false)]
    public async Task Biases_that_releases_up_to_0_20_trained_and_did_not_save_are_told(string mode, bool isTold)
    {
        KindExample example = OfLinear(4, 8);
        using TinyFolder folder = new TinyFolder("{}", [.. example.Base, Matrix.Of(example.Module + ".bias", 4)])
            .With($"{example.Fields}, \"peft_type\": \"VERA\", \"peft_version\": \"0.20.0\", \"bias\": \"{mode}\"", [.. example.Adapter]);

        await folder.MergeTensors();

        Assert.Equal(isTold, folder.Warnings.Any(warning => warning.Code == DiagnosticCode.TrainedBiasesLost));
        folder.Passed();
    }

    /// <summary>The shared matrices are larger than this module needs them.</summary>
    private static KindExample Of(Layer layer)
    {
        Matrix lambdaB = layer.Tensor("vera_lambda_b", layer.Outputs),
            lambdaD = layer.Tensor("vera_lambda_d", 2);
        Matrix a = Matrix.Of("base_model.vera_A", 2, layer.Inputs + 3),
            b = Matrix.Of("base_model.vera_B", layer.Outputs + 3, 2);
        return layer.Example(
            "\"r\": 2",
            (o, i) => lambdaB.Values[o] * Enumerable.Range(0, 2).Sum(r => b[o, r] * lambdaD.Values[r] * a[r, i]),
            lambdaB,
            lambdaD,
            a,
            b
        );
    }
}
