using LoraMerge.Deltas;
using LoraMerge.Diagnostics;
using LoraMerge.Kinds.Frod;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds.Frod;

/// <summary>Factors in shared directions.</summary>
public sealed class FrodTests : KindContract
{
    private protected override string PeftType => "FROD";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), "mlp_up_proj");

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs), "mlp_c_fc");

    private protected override bool TellsSide(int dimension) => dimension == 1;

    [Theory]
    [InlineData("fc", "fc")]
    [InlineData("model.layers.11.self_attn.q_proj", "self_attn_q_proj")]
    [InlineData("blocks.3.proj", "proj")]
    [InlineData("bert.encoder.layer.0.attention.output.dense", "attention_output")]
    [InlineData("bert.encoder.layer.0.output.dense", "output_dense")]
    public void Layers_of_a_sort_are_told_by_the_end_of_their_paths(string module, string sort) => Assert.Equal(sort, FrodConfig.SortOf(module));

    [Fact]
    public async Task A_file_without_the_shared_directions_is_refused_with_the_reason()
    {
        KindExample example = OfLinear(8, 8);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With(
            "\"peft_type\": \"FROD\", \"save_projection\": false",
            [.. example.Adapter.Where(tensor => tensor.Name.Contains("frod_lambda", StringComparison.Ordinal))]
        );

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.SharedDirectionsNotSaved, fault?.Code);
        Assert.Contains("frod_V.mlp_up_proj", fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public async Task There_need_be_no_number_beside_the_diagonal()
    {
        KindExample example = Of(Layer.Linear(12, 8), "mlp_up_proj", count: 0);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With("\"peft_type\": \"FROD\", \"sparse_rate\": 0", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[example.Weight.Name], merged[example.Weight.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Directions_that_have_no_inverse_have_a_pseudo_inverse()
    {
        KindExample example = Of(Layer.Linear(12, 8), "mlp_up_proj", isSingular: true);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With("\"peft_type\": \"FROD\"", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[example.Weight.Name], merged[example.Weight.Name]);
        folder.Passed();
    }

    /// <param name="layer">The layer.</param>
    /// <param name="sort">What its path ends in.</param>
    /// <param name="count">How many numbers there are beside the diagonal.</param>
    /// <param name="isSingular">Whether one direction is zero.</param>
    private static KindExample Of(Layer layer, string sort, int count = 3, bool isSingular = false)
    {
        int inputs = layer.Inputs;
        // Ones on the diagonal keep the directions far from having no inverse.
        Matrix random = Matrix.Of($"base_model.frod_V.{sort}", inputs, inputs);
        Matrix v = random with
        {
            Values =
            [
                .. random
                    .Values.Select((value, n) => (value / inputs) + (n / inputs == n % inputs ? 1 : 0))
                    .Select((value, n) => isSingular && n % inputs == 0 ? 0 : value),
            ],
        };
        Matrix places = Matrix.Of($"base_model.frod_s_indices.{sort}", 2, count) with { Values = count == 0 ? [] : [0, 1, 2, 1, 3, 0] };
        Matrix sides = Matrix.Of($"base_model.frod_s_size.{sort}", 2) with { Values = [inputs, inputs] };
        Matrix diagonal = layer.Tensor("frod_lambda_l", inputs), values = layer.Tensor("frod_lambda_s_values", count);
        double[]? made = null;
        return layer.Example("", (o, i) => (made ??= Made())[(o * inputs) + i] - layer.At(o, i), diagonal, values, v, places, sides) with
        {
            Ignored = [sides.Name],
        };

        double[] Made()
        {
            using var scope = NewDisposeScope();
            Tensor w = tensor(Enumerable.Range(0, layer.Outputs * inputs).Select(n => layer.At(n / inputs, n % inputs)).ToArray()).view(layer.Outputs, inputs);
            Tensor directions = tensor(v.AsDoubles()).view(inputs, inputs);
            Tensor x = w.matmul(linalg.pinv(directions, rtol: 1e-6).t());
            Tensor norms = linalg.norm(x, ord: 2.0, dims: [0]);
            Tensor u = x / norms.where(norms.IsMoreThan(1e-12), ones_like(norms).Times(double.PositiveInfinity));
            double[] core = new double[inputs * inputs];
            for (int n = 0; n < inputs; n++)
                core[(n * inputs) + n] = diagonal.Values[n];
            for (int n = 0; n < count; n++)
                core[(int)((places[0, n] * inputs) + places[1, n])] += values.Values[n];
            return u.matmul(tensor(core).view(inputs, inputs)).matmul(directions.t()).contiguous().data<double>().ToArray();
        }
    }
}
