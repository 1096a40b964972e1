using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds;

/// <summary>A random order by PyTorch's generator.</summary>
internal static class SeededOrder
{
    public static long[] Of(long count, ulong seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed, CPU);
        return randperm(count, ScalarType.Int64, CPU, generator: generator).data<long>().ToArray();
    }
}
