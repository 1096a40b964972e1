using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>
/// Places in a weight that a kind draws from a seed instead of storing them: the first of a random order of all elements, by PyTorch's generator of the CPU.
/// </summary>
/// <remarks>PEFT draws <c>torch.randperm(out·in, generator=torch.Generator().manual_seed(seed))[:count]</c>. The order of all elements is there for a moment;
/// layers of one size share the places.</remarks>
internal static class SeededPlaces
{
    /// <summary>Bytes that drawing takes for a moment.</summary>
    public static long LoadingBytes(WeightFacts weight) => checked(weight.ElementCount * sizeof(long));

    /// <returns>Numbers of elements of <c>[out, in]</c>, counted row by row, int64 <c>[count]</c> on the CPU; kept by <paramref name="kept"/>.</returns>
    public static Tensor Of(long elementCount, long count, long seed, KeptFactors kept) =>
        kept.Of(new Key(elementCount, count, seed), () => Draw(elementCount, count, seed), room: 4);

    private static Tensor Draw(long elementCount, long count, long seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), CPU);
        return randperm(elementCount, ScalarType.Int64, CPU, generator: generator).narrow(0, 0, count).clone().DetachFromDisposeScope();
    }

    private sealed record Key(long ElementCount, long Count, long Seed);
}
