using LoraMerge.Combinations;
using LoraMerge.Deltas;
using LoraMerge.Devices;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Combinations;

/// <summary>Small tensors for tests, with libtorch loaded first.</summary>
internal static class Torch
{
    static Torch() => ComputeDevice.Open("cpu", null);

    /// <summary>Owns the tensors of a test; its first use loads libtorch.</summary>
    public static IDisposable Scope() => NewDisposeScope();

    public static Tensor Row(params double[] values) => tensor(values);

    public static Tensor Matrix(double[,] values) => tensor(values);

    /// <summary>Numbers from a fixed seed: nothing in a test is random.</summary>
    public static Tensor Noise(int seed, params long[] shape)
    {
        var random = new Random(seed);
        long count = shape.Aggregate(1L, (product, side) => product * side);
        return tensor(Enumerable.Range(0, (int)count).Select(_ => (random.NextDouble() * 2) - 1).ToArray()).reshape(shape);
    }

    public static FactorPair Pair(int seed, long rank, double scaling, double adapterWeight, long rows = 12, long columns = 9) =>
        new(Noise(seed, rank, columns), Noise(seed + 1, rows, rank), scaling, adapterWeight);

    /// <summary>w·s·B·A.</summary>
    public static Tensor Change(FactorPair pair) => pair.B.matmul(pair.A).Times(pair.Scaling * pair.AdapterWeight);

    public static double[] Values(Tensor tensor) => tensor.contiguous().data<double>().ToArray();

    public static void AssertNear(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(
            expected.allclose(actual, rtol: 1e-12, atol: 1e-12),
            $"expected {string.Join(' ', Values(expected))}, found {string.Join(' ', Values(actual))}"
        );
    }
}
