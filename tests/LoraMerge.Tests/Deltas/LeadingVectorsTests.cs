using LoraMerge.Combinations;
using LoraMerge.Deltas;
using LoraMerge.Devices;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

public sealed class LeadingVectorsTests
{
    private const int Rank = 8;

    static LeadingVectorsTests() => ComputeDevice.Open("cpu", null);

    [Theory]
    [InlineData(700, 560)]
    [InlineData(560, 700)]
    public void They_are_those_of_the_whole_decomposition(long rows, long columns)
    {
        using var scope = NewDisposeScope();
        Tensor matrix = WithSingularValues(rows, columns, i => Math.Pow(0.8, i));

        (Tensor u, Tensor s, Tensor vh) = LeadingVectors.Find(matrix, Rank)!.Value;

        (Tensor wholeU, Tensor wholeS, Tensor wholeVh) = linalg.svd(matrix, fullMatrices: false);
        Assert.Equal(0, Largest(s - wholeS.narrow(0, 0, Rank)), 1e-13);
        Assert.Equal(0, Largest((u * s).matmul(vh) - (wholeU.narrow(1, 0, Rank) * wholeS.narrow(0, 0, Rank)).matmul(wholeVh.narrow(0, 0, Rank))), 1e-13);
    }

    [Fact]
    public void In_float32_they_are_no_farther_from_the_truth_than_torchs_own()
    {
        using var scope = NewDisposeScope();
        Tensor exact = WithSingularValues(320, 320, i => i < 12 ? 1 - (0.01 * i) : 0.2);
        Tensor matrix = exact.to(ScalarType.Float32);
        (Tensor exactU, Tensor exactS, Tensor exactVh) = linalg.svd(matrix.to(ScalarType.Float64));
        (Tensor torchU, Tensor torchS, Tensor torchVh) = linalg.svd(matrix);

        (Tensor u, Tensor s, Tensor vh) = LeadingVectors.Find(matrix, Rank)!.Value;

        Tensor expected = Cut(exactU, exactS, exactVh);
        Assert.Equal(ScalarType.Float32, u.dtype);
        Assert.True(Largest(Cut(u, s, vh) - expected) <= 2 * Largest(Cut(torchU, torchS, torchVh) - expected));

        static Tensor Cut(Tensor u, Tensor s, Tensor vh) =>
            (u.narrow(1, 0, Rank) * s.narrow(0, 0, Rank)).to(ScalarType.Float64).matmul(vh.narrow(0, 0, Rank).to(ScalarType.Float64));
    }

    [Fact]
    public void A_matrix_of_a_lower_rank_comes_back_whole()
    {
        using var scope = NewDisposeScope();
        Tensor matrix = WithSingularValues(700, 560, i => i < 3 ? 3 - i : 0);

        (Tensor u, Tensor s, Tensor vh) = LeadingVectors.Find(matrix, Rank)!.Value;

        Assert.Equal(0, Largest((u * s).matmul(vh) - matrix), 1e-13);
    }

    [Fact]
    public void A_matrix_of_zeros_has_no_change_in_it()
    {
        using var scope = NewDisposeScope();

        (Tensor u, Tensor s, Tensor vh) = LeadingVectors.Find(zeros([300, 240], ScalarType.Float64), Rank)!.Value;

        Assert.Equal(0, Largest((u * s).matmul(vh)));
    }

    /// <summary>No factors of that rank are nearer to a matrix than its tail (Eckart and Young), which holds where vectors are not unique, too.</summary>
    [Theory]
    [InlineData(20, 10, 3, 0)]
    [InlineData(10, 20, 3, 0)]
    [InlineData(3, 3, 1, 0)]
    [InlineData(3, 3, 9, 1)]
    [InlineData(20, 10, 1, 1)]
    [InlineData(1, 9, 1, 0)]
    [InlineData(400, 300, 1, 0)]
    [InlineData(400, 300, 300, 1)]
    [InlineData(400, 300, 300, 0.9)]
    [InlineData(300, 400, 0, 0)]
    public void What_a_cut_leaves_is_the_tail_alone(long rows, long columns, int rank, double ratio)
    {
        using var scope = NewDisposeScope();
        Tensor matrix = WithSingularValues(rows, columns, i => i >= rank ? 0 : ratio == 0 ? 1 + i : Math.Pow(ratio, i));

        (Tensor a, Tensor b) = Svd.Truncate(matrix, Rank);

        Tensor tail = linalg.svdvals(matrix);
        tail = tail.narrow(0, Math.Min(Rank, tail.shape[0]), Math.Max(tail.shape[0] - Rank, 0));
        Assert.Equal(tail.norm().item<double>(), (matrix - b.matmul(a)).norm().item<double>(), 1e-12);
    }

    [Fact]
    public void It_gives_up_where_the_whole_decomposition_costs_less()
    {
        using var scope = NewDisposeScope();

        Assert.Null(LeadingVectors.Find(WithSingularValues(100, 100, i => 1.0 / (i + 1)), Rank)); // small
        Assert.Null(LeadingVectors.Find(WithSingularValues(256, 256, i => 1 - (i * 1e-6)), Rank)); // nearly equal values
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e30)] // whose square is no number of float32
    public void It_gives_up_where_there_is_no_norm_to_measure_errors_by(double value)
    {
        using var scope = NewDisposeScope();
        Tensor matrix = WithSingularValues(300, 240, i => Math.Pow(0.8, i)).to(ScalarType.Float32);
        matrix[7, 5] = tensor((float)value);

        Assert.Null(LeadingVectors.Find(matrix, Rank));
    }

    [Fact]
    public void Equal_matrices_give_equal_bits()
    {
        using var scope = NewDisposeScope();
        Tensor matrix = WithSingularValues(700, 560, i => Math.Pow(0.8, i));

        Tensor[] first = Parts(), second = Parts();

        Assert.All(first.Zip(second), pair => Assert.True(pair.First.Equals(pair.Second)));

        Tensor[] Parts()
        {
            (Tensor u, Tensor s, Tensor vh) = LeadingVectors.Find(matrix, Rank)!.Value;
            return [u, s, vh];
        }
    }

    private static double Largest(Tensor tensor) => tensor.abs().max().to(ScalarType.Float64).item<double>();

    private static Tensor WithSingularValues(long rows, long columns, Func<long, double> value)
    {
        long side = Math.Min(rows, columns);
        Tensor s = tensor(Enumerable.Range(0, (int)side).Select(i => value(i)).ToArray());
        return (Basis(rows, side, 1) * s).matmul(Basis(columns, side, 2).t());
    }

    private static Tensor Basis(long rows, long columns, ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        (Tensor q, _) = linalg.qr(randn([rows, columns], ScalarType.Float64, generator: generator));
        return q;
    }
}
