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

    [Fact]
    public async Task A_decomposition_with_random_numbers_is_refused_by_name()
    {
        KindExample example = Of(Layer.Linear(12, 8), "\"psoft_svd\": \"lowrank\"", CayleyOf, isSplit: false);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With($"\"peft_type\": \"PSOFT\", {example.Fields}", [.. example.Adapter]);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.AdapterFormNotYetSupported, fault?.Code);
        Assert.Contains("lowrank", fault!.Message, StringComparison.Ordinal);
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
