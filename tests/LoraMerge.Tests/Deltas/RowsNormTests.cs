using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

public sealed class RowsNormTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(16, 64)]
    [InlineData(129, 1001)]
    public void It_is_the_norm_however_the_rows_lie(long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var random = new Random(7);
        float[] numbers = [.. Enumerable.Range(0, (int)(rows * columns)).Select(_ => (float)random.NextDouble() - 0.5f)];
        double expected = Math.Sqrt(numbers.Sum(number => (double)number * number));
        Tensor lying = tensor(numbers).view(rows, columns);

        foreach (Tensor each in (Tensor[])[lying, lying.t(), lying.t().contiguous().t(), lying.to(ScalarType.Float64)])
            Assert.Equal(expected, RowsNorm.Of(each), expected * 1e-13);
    }

    [Fact]
    public void Rows_within_others_are_taken_alone()
    {
        using var scope = NewDisposeScope();
        Tensor all = ones(10, 20, ScalarType.Float32);

        Assert.Equal(Math.Sqrt(60), RowsNorm.Of(all.narrow(0, 4, 3)), 1e-12);
        Assert.Equal(Math.Sqrt(50), RowsNorm.Of(all.narrow(1, 4, 5)), 1e-12);
    }

    [Fact]
    public void Squares_beyond_float32_are_summed()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(Math.Sqrt(9) * float.MaxValue, RowsNorm.Of(tensor(Enumerable.Repeat(float.MaxValue, 9).ToArray())), float.MaxValue * 1e-12);
        Assert.Equal(double.PositiveInfinity, RowsNorm.Of(tensor(new[] { 1f, float.PositiveInfinity })));
        Assert.Equal(double.NaN, RowsNorm.Of(tensor(new[] { 1f, float.NaN })));
    }
}
