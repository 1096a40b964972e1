using LoraMerge.Deltas;
using LoraMerge.Devices;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

/// <summary>Large weights lose what small ones lose that are decomposed whole.</summary>
public sealed class SingularPartDeltaTests
{
    private const int Rank = 5;

    static SingularPartDeltaTests() => ComputeDevice.Open("cpu", null);

    [Theory]
    [InlineData(320, 210, true)]
    [InlineData(210, 320, true)]
    [InlineData(320, 210, false)]
    [InlineData(210, 320, false)]
    [InlineData(60, 60, true)]
    [InlineData(60, 60, false)]
    public void Both_ways_leave_the_same(long rows, long columns, bool isLargest)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7, CPU);
        Tensor weight = randn([rows, columns], ScalarType.Float64, generator: generator);
        using var byVectors = new SingularPartDelta(rows, columns, Rank, isLargest, 0.5);
        using var whole = new DecomposedBaseDelta(rows, columns, Rank, isLargest, isOfFloat32: false, 0.5);

        Tensor expected = Applied(whole, weight), found = Applied(byVectors, weight);

        Assert.Equal(0, (expected - found).abs().max().item<double>(), 1e-10); // the smallest are found by the squares of all
        Assert.NotEqual(0, (expected - weight).abs().max().item<double>(), 1e-3);
    }

    /// <summary>The weight in groups of some rows, as the pipeline shows and changes it.</summary>
    private static Tensor Applied(WeightDelta delta, Tensor weight)
    {
        (long First, long Count)[] groups = [(0, 13), (13, weight.shape[0] - 13)];
        for (int pass = 0; pass < delta.PassCount; pass++)
        {
            foreach ((long first, long count) in groups)
                delta.Observe(pass, weight.narrow(0, first, count).clone(), first);
            delta.EndPass(pass);
        }
        Tensor result = weight.clone();
        foreach ((long first, long count) in groups)
            delta.ApplyTo(result.narrow(0, first, count), weight.narrow(0, first, count), first);
        return result;
    }
}
