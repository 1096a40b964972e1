using LoraMerge.Deltas;
using LoraMerge.Devices;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

public sealed class TensorArithmeticTests : IDisposable
{
    private readonly TorchSharp.DisposeScope _scope;

    public TensorArithmeticTests()
    {
        NativeLibraries.Load(null);
        _scope = NewDisposeScope();
    }

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void What_makes_a_new_tensor_leaves_the_old_one_as_it_was()
    {
        Tensor a = Of(-3, 0.5, 2), b = Of(1, 2, 4);

        Assert.Equal([-2, 2.5, 6], Values(a.Plus(b)));
        Assert.Equal([-2, 1.5, 3], Values(a.Plus(1)));
        Assert.Equal([-3.25, 0.25, 1.75], Values(a.Minus(0.25)));
        Assert.Equal([-1.5, 0.25, 1], Values(a.Times(0.5)));
        Assert.Equal([-1.5, 0.25, 1], Values(a.DividedBy(2)));
        Assert.Equal([-2, 0, 1], Values(a.FloorDividedBy(2)));
        Assert.Equal([1, 0.5, 0], Values(a.Modulo(2)));
        Assert.Equal([-27, 0.125, 8], Values(a.ToThePower(3)));
        Assert.Equal([0, 0.5, 2], Values(a.AtLeast(0)));
        Assert.Equal([-3, 0.5, 0.75], Values(a.AtMost(0.75)));
        Assert.Equal([-1, 0.5, 1], Values(a.Within(-1, 1)));
        Assert.Equal([-3, 0.5, 2], Values(a));
        Assert.Equal([1, 2, 4], Values(b));
    }

    [Fact]
    public void Comparisons_say_where_they_hold()
    {
        Tensor a = Of(1, 2, 3);

        Assert.Equal([0, 1, 0], Values(a.Is(2)));
        Assert.Equal([1, 0, 1], Values(a.IsNot(2)));
        Assert.Equal([1, 0, 0], Values(a.IsLessThan(2)));
        Assert.Equal([1, 1, 0], Values(a.IsAtMost(2)));
        Assert.Equal([0, 0, 1], Values(a.IsMoreThan(2)));
        Assert.Equal([0, 1, 1], Values(a.IsAtLeast(2)));
    }

    [Fact]
    public void Verbs_change_the_tensor_that_they_are_called_on()
    {
        Tensor a = Of(1, 2, 3), b = Of(1, 0, -1);

        Assert.Equal([2, 2, 2], Values(a.Add(b)));
        Assert.Equal([2.5, 2, 1.5], Values(a.Add(b, times: 0.5)));
        Assert.Equal([3.5, 3, 2.5], Values(a.Add(1)));
        Assert.Equal([4, 3.5, 3], Values(a.Add(0.5)));
        Assert.Equal([2, 1.5, 1], Values(a.Subtract(2)));
        Assert.Equal([6, 4.5, 3], Values(a.Multiply(3)));
        Assert.Equal([12, 9, 6], Values(a.Divide(0.5)));
        Assert.Equal([12, 9, 8], Values(a.RaiseTo(8)));
        Assert.Equal([14, 9, 10], Values(a.AddProduct(b, b, times: 2)));
        Assert.Equal([14, 9, 10], Values(a));
    }

    [Fact]
    public void Places_may_come_twice()
    {
        Tensor sums = zeros(3, ScalarType.Float64), places = TensorArithmetic.CountFrom(1, 2, CPU).repeat(2), mask = zeros(3, ScalarType.Bool);

        Assert.Equal([0, 4, 6], Values(sums.AddAt(0, places, Of(1, 2, 3, 4))));
        Assert.Equal([0, 6, 9], Values(sums.AddAt(0, places, Of(1, 2, 3, 4), times: 0.5)));
        Assert.Equal([0, 1, 1], Values(mask.Mark(places)));
    }

    [Fact]
    public void Integers_stay_integers()
    {
        Tensor numbers = TensorArithmetic.CountFrom((1L << 53) + 1, 2, CPU); // float64 has no such number

        Assert.Equal([(1L << 53) + 1, (1L << 53) + 2], numbers.data<long>().ToArray());
        Assert.Equal([(1L << 53) + 3, (1L << 53) + 4], numbers.Plus(2).data<long>().ToArray());
        Assert.Equal([(1L << 54) + 2, (1L << 54) + 4], numbers.Times(2).data<long>().ToArray());
        Assert.Equal(ScalarType.Float32, numbers.Times(2.0).dtype);
    }

    private static Tensor Of(params double[] values) => tensor(values);

    private static double[] Values(Tensor tensor) => tensor.to(ScalarType.Float64).data<double>().ToArray();
}
