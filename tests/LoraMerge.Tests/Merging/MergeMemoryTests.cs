using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Merging;

/// <summary>What a merge is said to hold, and what a limit makes of it.</summary>
public sealed class MergeMemoryTests
{
    private const long Large = 4096;

    public MergeMemoryTests() => NativeLibraries.Load(null);

    [Theory]
    [InlineData(DType.BF16, DType.BF16, 8, 3 * 16)]
    [InlineData(DType.F32, DType.F32, 8, 3 * 16)]
    [InlineData(DType.F64, DType.F64, 8, 3 * 8)]
    [InlineData(DType.F32, DType.F16, 8 + 4, 3 * 8)]
    public void Buffers_and_groups_are_counted_by_their_dtypes(DType source, DType result, long buffers, long groups)
    {
        MergePlan plan = PlanOf(Computed(source, result, Large));

        var free = MergeMemory.Of(plan, 0, null);
        var least = MergeMemory.Of(plan, 0, free.ByteLength - 1);

        Assert.Equal(MergeMemory.FixedBytes + (((8 * buffers) + groups) << 20), free.ByteLength);
        Assert.Equal(MergeMemory.FixedBytes + (((2 * buffers) + groups) << 20), least.ByteLength);
        Assert.True(free.IsSideBySide);
        Assert.False(least.IsSideBySide);
        Assert.Equal(free, MergeMemory.Of(plan, 0, free.ByteLength) with { Buffers = free.Buffers });
    }

    [Fact]
    public void A_small_tensor_of_another_dtype_takes_small_buffers()
    {
        long one = MergeMemory.Of(PlanOf(Computed(DType.BF16, DType.BF16, Large)), 0, null).ByteLength;
        long both = MergeMemory.Of(PlanOf(Computed(DType.BF16, DType.BF16, Large), Computed(DType.F32, DType.F32, 4)), 0, null).ByteLength;

        Assert.Equal(8 * 4 * 4 * sizeof(float), both - one);
    }

    [Fact]
    public void A_merge_in_turns_stops_when_it_is_told_to()
    {
        using var stop = new CancellationTokenSource();
        using var files = new TensorFiles();
        var pipeline = new MergePipeline(PlanOf(Computed(DType.F32, DType.F32, Large)), new PipelineOptions(TorchSharp.torch.CPU, null, 1, _ => ""), null);
        int written = 0;

        Assert.ThrowsAny<OperationCanceledException>(() => pipeline.Run(files, blocks =>
        {
            while (blocks.Next())
            {
                written++;
                stop.Cancel();
            }
        }, stop.Token));

        Assert.Equal(1, written);
    }

    [Fact]
    public void A_merge_in_turns_fails_as_its_writer_does()
    {
        using var files = new TensorFiles();
        var pipeline = new MergePipeline(PlanOf(Computed(DType.F32, DType.F32, Large)), new PipelineOptions(TorchSharp.torch.CPU, null, 1, _ => ""), null);

        Assert.Throws<IOException>(() => pipeline.Run(files, blocks => throw new IOException("full"), CancellationToken.None));
    }

    private static PlannedTensor.Computed Computed(DType source, DType result, long side) => new("w", result, new Zeros(source, side), [], null);

    private static MergePlan PlanOf(params ImmutableArray<PlannedTensor> tensors) =>
        new([new PlannedShard("model.safetensors", tensors, ImmutableDictionary<string, string>.Empty)], false, null, [], [], [], []);

    /// <summary>A square of zeros.</summary>
    private sealed record Zeros(DType Type, long Side) : TensorSource("w", Type, [Side, Side])
    {
        public override ImmutableArray<StoredTensor> Parts => [];

        public override long ByteLength { get; init; } = Side * Side * Type.BitsPerElement() / 8;

        internal override void ReadInto(TensorFiles files, long firstElement, Span<byte> destination) => destination.Clear();
    }
}
