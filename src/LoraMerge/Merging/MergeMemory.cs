using LoraMerge.Planning;

namespace LoraMerge.Merging;

/// <summary>What a merge holds in memory, and what of it a limit leaves.</summary>
/// <param name="Buffers">How large its buffers are.</param>
/// <param name="BufferCount">How many of each dtype.</param>
/// <param name="ByteLength">About how many bytes the process holds: the runtime, libtorch, the buffers, and what the dearest tensor takes beside them.</param>
internal sealed record MergeMemory(BufferSizes Buffers, int BufferCount, long ByteLength)
{
    /// <summary>What a merge needs beside its blocks: the runtime and libtorch.</summary>
    public const long FixedBytes = 200_000_000;

    /// <summary>Blocks that wait between two stages.</summary>
    public const int QueueLength = 2;

    /// <summary>
    /// So that no stage waits for another one's: one being read, those that wait, one being computed; its result, those that wait, one being written.
    /// </summary>
    private const int SideBySide = (2 * QueueLength) + 4;

    /// <summary>A block and its result.</summary>
    private const int InTurns = 2;

    /// <summary>Whether reading, computing and writing run side by side; else they take turns.</summary>
    public bool IsSideBySide => BufferCount == SideBySide;

    /// <param name="plan">What to do.</param>
    /// <param name="heldBytes">What whoever takes the blocks holds.</param>
    /// <param name="limit">Bytes that it may hold; null for any. Where not even the smaller number of buffers is within, it is that one.</param>
    public static MergeMemory Of(MergePlan plan, long heldBytes, long? limit)
    {
        var buffers = new BufferSizes(plan);
        long rest = FixedBytes + heldBytes + plan.Tensors.OfType<PlannedTensor.Computed>().Select(BytesBesideBuffers).DefaultIfEmpty(0).Max();
        MergeMemory fastest = With(SideBySide);
        return limit < fastest.ByteLength ? With(InTurns) : fastest;

        MergeMemory With(int count) => new(buffers, count, rest + (count * buffers.ByteLength));
    }

    /// <summary>A group of rows as it is computed with, two more for the steps of a formula, and what its changes hold.</summary>
    internal static long BytesBesideBuffers(PlannedTensor.Computed tensor) =>
        checked((3 * tensor.GroupLength * tensor.Facts.BufferElementBytes) + ChangeMemory.BytesOf(tensor));
}
