using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Merging;

/// <summary>A computed tensor may be read from anything that gives rows by number, not only from a tensor of a file.</summary>
public sealed class TensorSourceTests
{
    private const int Columns = 1000;

    public TensorSourceTests() => NativeLibraries.Load(null);

    [Theory]
    [InlineData(null)]
    [InlineData(1L)]
    public void Rows_come_by_number_and_are_rounded_once(long? maxMemory)
    {
        var source = new CountingRows(7);
        var sink = new MemorySink();

        Run(source, DType.BF16, maxMemory, sink);

        ushort[] merged = MemoryMarshal.Cast<byte, ushort>(sink.Bytes.ToArray()).ToArray();
        Assert.Equal(Enumerable.Range(0, 7 * Columns).Select(i => CountingRows.ValueOf(i)), merged.Select(bits => BitConverter.Int32BitsToSingle(bits << 16)));
        Assert.Equal([(0, 2 * Columns), (2 * Columns, 2 * Columns), (4 * Columns, 2 * Columns), (6 * Columns, Columns)], source.Reads);
    }

    [Fact]
    public void A_source_without_elements_is_a_tensor_without_bytes()
    {
        var source = new CountingRows(0);
        var sink = new MemorySink();

        Run(source, DType.F32, null, sink);

        Assert.Empty(source.Reads);
        Assert.Empty(sink.Bytes);
    }

    /// <summary>Computes a tensor of that source in groups of two rows.</summary>
    private static void Run(TensorSource source, DType dtype, long? maxMemory, MemorySink sink)
    {
        var tensor = new PlannedTensor.Computed("w", dtype, source, [], null) { GroupRows = 2 };
        var plan = new MergePlan([new PlannedShard("model.safetensors", [tensor], ImmutableDictionary<string, string>.Empty)], false, null, [], [], [], []);
        using var files = new TensorFiles();
        new MergePipeline(plan, new PipelineOptions(TorchSharp.torch.CPU, null, maxMemory, _ => ""), null).Run(files, sink, CancellationToken.None);
    }

    /// <summary>Tells its elements' rows and places, and remembers what was read.</summary>
    private sealed record CountingRows(long Count) : TensorSource("w", DType.F32, [Count, Columns])
    {
        public List<(long First, long Count)> Reads { get; } = [];

        public override ImmutableArray<StoredTensor> Parts => [];

        /// <summary>In six bits, which bfloat16 holds.</summary>
        public static float ValueOf(long element) => (element / Columns * 8) + (element % 8);

        public override long ByteLength { get; init; } = Count * Columns * sizeof(float);

        internal override void ReadInto(TensorFiles files, long firstElement, Span<byte> destination)
        {
            Span<float> values = MemoryMarshal.Cast<byte, float>(destination);
            Reads.Add((firstElement, values.Length));
            for (int i = 0; i < values.Length; i++)
                values[i] = ValueOf(firstElement + i);
        }
    }

    private sealed class MemorySink : IBlockSink
    {
        public List<byte> Bytes { get; } = [];

        public void Write(int shard, int index, PlannedTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
        {
            Assert.Equal(Bytes.Count, byteOffset);
            Bytes.AddRange(bytes);
        }
    }
}
