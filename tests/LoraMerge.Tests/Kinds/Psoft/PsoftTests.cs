using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds.Psoft;

/// <summary>A rotation within the three strongest directions.</summary>
public sealed class PsoftTests : KindContract
{
    private protected override string PeftType => "PSOFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), "", CayleyOf, isSplit: false);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs), "", CayleyOf, isSplit: false);

    private protected override bool TellsSide(int dimension) => false;

    [Fact]
    public Task Singular_values_stand_on_both_sides_of_a_split_start() =>
        AssertMerged(Of(Layer.Linear(12, 8), "\"ab_svd_init\": \"pissa_init\"", CayleyOf, isSplit: true));

    /// <summary>I + 2·Q + 2·Q² + Q³, with ‖Q‖ brought to 0.5.</summary>
    [Fact]
    public Task The_series_is_taken_where_the_file_says_so() => AssertMerged(Of(
        Layer.Linear(12, 8), "\"use_cayley_neumann\": true, \"num_cayley_neumann_terms\": 4, \"cayley_neumann_eps\": 0.5", SeriesOf, isSplit: false));

    [Fact]
    public async Task A_matrix_without_constraint_and_without_factors_is_taken_as_it_is()
    {
        Layer layer = Layer.Linear(12, 8);
        Matrix r = layer.Tensor("psoft_R.weight", 3, 3);
        KindExample example = layer.Example(
            "\"r\": 3, \"psoft_orth\": false, \"psoft_mag_a\": false, \"psoft_mag_b\": false",
            Turned(layer, (i, j) => r[i, j], isSplit: false),
            r
        );
        await AssertMerged(example);
    }

    /// <summary>
    /// What PEFT merges with <c>svd_lowrank</c> as PyTorch has it since 2.4; in the second the signs differ from those of the whole decomposition.
    /// </summary>
    [Theory]
    [InlineData(4, 3, 0.2663132, 0.2363393, -0.187916, 0.2940557, 0.09257495, -0.107029, -0.3057382, 0.4336672, -0.2813272, 0.1268455, -0.05654001, 0.0375337)]
    [InlineData(3, 4, 0.1318344, -0.1582134, 0.2286308, 0.184303, -0.05283278, 0.07121861, -0.2018567, -0.207809, 0.1548749, -0.1134294, -0.03690648,
        -0.2222565)]
    public async Task Directions_that_a_seed_draws_are_drawn_again(long rows, long columns, params double[] expected)
    {
        Matrix weight = Matrix.Of("q.weight", rows, columns);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "llama" }""", weight).With(
            "\"peft_type\": \"PSOFT\", \"r\": 2, \"psoft_svd\": \"lowrank\", \"random_seed\": 3, \"psoft_svd_lowrank_niter\": 4",
            Matrix.Of("base_model.model.q.psoft_R.weight", 1),
            Matrix.Of("base_model.model.q.psoft_R.vector_b", 2),
            Matrix.Of("base_model.model.q.psoft_R.vector_a", 2)
        );

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(expected, merged[weight.Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData("lowrank", "random_seed")]
    [InlineData("other", "other")]
    public async Task Directions_that_nothing_tells_are_refused_by_name(string way, string named)
    {
        KindExample example = Of(Layer.Linear(12, 8), $"\"psoft_svd\": \"{way}\"", CayleyOf, isSplit: false);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With($"\"peft_type\": \"PSOFT\", {example.Fields}", [.. example.Adapter]);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.AdapterFormNotYetSupported, fault?.Code);
        Assert.Contains(named, fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    private static async Task AssertMerged(KindExample example)
    {
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With($"\"peft_type\": \"PSOFT\", {example.Fields}", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[example.Weight.Name], merged[example.Weight.Name]);
        Assert.Contains(folder.Plan().Notes.OfType<MergeEvent.Warning>(), note => note.Code == DiagnosticCode.SingularVectorSignsAssumed);
        folder.Passed();
    }

    private static KindExample Of(Layer layer, string fields, Func<Matrix, double[,]> rotationOf, bool isSplit)
    {
        Matrix numbers = layer.Tensor("psoft_R.weight", 3), b = layer.Tensor("psoft_R.vector_b", 3), a = layer.Tensor("psoft_R.vector_a", 3);
        double[,] rotation = rotationOf(numbers);
        return layer.Example(
            $"\"r\": 3, \"psoft_alpha\": 7{(fields.Length == 0 ? "" : ", ")}{fields}",
            Turned(layer, (i, j) => b.Values[i] * rotation[i, j] * a.Values[j], isSplit),
            numbers,
            b,
            a
        );
    }

    /// <summary>Q of the numbers above its diagonal.</summary>
    private static double Skew(Matrix numbers, int i, int j) => i == j ? 0 : i < j ? numbers.Values[i + j - 1] : -Skew(numbers, j, i);

    /// <summary>(I + Q)·(I - Q)⁻¹.</summary>
    private static double[,] CayleyOf(Matrix numbers) => Cayley.Of(3, (i, j) => -Skew(numbers, i, j));

    private static double[,] SeriesOf(Matrix numbers)
    {
        double norm = Math.Sqrt(2 * numbers.Values.Sum(value => (double)value * value));
        double[,] q = Filled((i, j) => Skew(numbers, i, j) * 0.5 / norm), square = Product(q, q), cube = Product(square, q);
        return Filled((i, j) => (i == j ? 1 : 0) + (2 * q[i, j]) + (2 * square[i, j]) + cube[i, j]);
    }

    private static double[,] Product(double[,] x, double[,] y) => Filled((i, j) => Enumerable.Range(0, 3).Sum(n => x[i, n] * y[n, j]));

    private static double[,] Filled(Func<int, int, double> value)
    {
        var matrix = new double[3, 3];
        for (int n = 0; n < 9; n++)
            matrix[n / 3, n % 3] = value(n / 3, n % 3);
        return matrix;
    }

    /// <summary>The change, with singular vectors as PEFT finds them, in float32.</summary>
    private static Func<int, int, double> Turned(Layer layer, Func<int, int, double> rotation, bool isSplit)
    {
        double[]? made = null;
        return (o, i) => (made ??= Made())[(o * layer.Inputs) + i];

        double[] Made()
        {
            using var scope = NewDisposeScope();
            Tensor w = tensor(Enumerable.Range(0, layer.Outputs * layer.Inputs).Select(n => layer.At(n / layer.Inputs, n % layer.Inputs)).ToArray())
                .view(layer.Outputs, layer.Inputs);
            (Tensor u, Tensor s, Tensor v) = linalg.svd(w.to(ScalarType.Float32), fullMatrices: false);
            var core = new double[9];
            for (int n = 0; n < 9; n++)
                core[n] = rotation(n / 3, n % 3) - (n / 3 == n % 3 ? 1 : 0);
            Tensor left = u.narrow(1, 0, 3).to(ScalarType.Float64),
                values = s.narrow(0, 0, 3).to(ScalarType.Float64),
                right = v.narrow(0, 0, 3).to(ScalarType.Float64);
            Tensor turn = tensor(core).view(3, 3);
            Tensor inner = isSplit ? values.sqrt().unsqueeze(1) * turn * values.sqrt() : values.unsqueeze(1) * turn;
            return left.matmul(inner).matmul(right).contiguous().data<double>().ToArray();
        }
    }
}
