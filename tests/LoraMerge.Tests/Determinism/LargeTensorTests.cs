using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Dialects;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Determinism;

/// <summary>Tensors beyond 2 GiB, and memory that does not grow with the model.</summary>
public sealed class LargeTensorTests
{
    private const string Name = "model.layers.0.mlp.up_proj.weight";
    private const long Rows = 1_100_000;
    private const long RowLength = 1000;

    [Fact]
    public void A_tensor_of_more_than_2_gib_gets_each_row_of_its_delta()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder["base"]);
        WeightFile.WriteZeros(Path.Combine(folder["base"], "model.safetensors"), [(Name, DType.BF16, [Rows, RowLength])]);
        // W is zero, A is all ones and row i of B is i mod 256, which bfloat16 holds: row i of the result is that number.
        TinyAdapter.Lora(1).Config("lora_alpha", 1)
            .With("model.layers.0.mlp.up_proj.lora_A.weight", DType.BF16, [1, RowLength], [.. Enumerable.Repeat(1.0, (int)RowLength)])
            .With("model.layers.0.mlp.up_proj.lora_B.weight", DType.BF16, [Rows, 1], [.. Enumerable.Range(0, (int)Rows).Select(i => (double)(i % 256))])
            .WriteTo(folder["adapter"]);
        Checkpoint checkpoint = BaseModels.Open(folder["base"]);
        MergePlan plan = MergePlanner.Plan(
            checkpoint,
            [new PlannedAdapter(AdapterDialects.Open(folder["adapter"]), 1)],
            new PlanOptions(OutputDType.Auto, null, false)
        );
        var options = new PipelineOptions(ComputeDevice.Open("cpu", null).Device, null, null, _ => "adapter");
        using var files = new TensorFiles();
        var sink = new RowCheck();

        IReadOnlyList<TensorOutcome> outcomes = new MergePipeline(plan, options, null).Run(files, sink, CancellationToken.None);

        Assert.Equal(Rows * RowLength * 2, sink.BytesSeen);
        Assert.True(sink.BytesSeen > int.MaxValue);
        Assert.Equal((double)(Rows - ((Rows + 255) / 256)) / Rows, Assert.Single(outcomes).ChangedShare);
        folder.Passed();
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_model()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        using var bench = new Workbench();

        long small = await PeakBytes(bench, tensors: 1);
        long large = await PeakBytes(bench, tensors: 8);

        Assert.True(large < small + 40_000_000, $"{small / 1_000_000} MB for a model of 50 MB, {large / 1_000_000} MB for one of 400 MB");
        bench.Passed();
    }

    /// <summary>The peak of a whole merge by the built program, of a model of 50 MB a tensor.</summary>
    private static async Task<long> PeakBytes(Workbench bench, int tensors)
    {
        (string, DType, ImmutableArray<long>)[] all =
        [
            ("model.layers.0.self_attn.q_proj.weight", DType.BF16, [4, 4]), ("model.layers.1.mlp.up_proj.weight", DType.BF16, [6, 4]),
            .. Enumerable.Range(0, tensors).Select(i => ($"filler.{i}.weight", DType.BF16, ImmutableArray.Create<long>(25_000, 1000))),
        ];
        WeightFile.WriteZeros(bench.InBase("model.safetensors"), all);
        return await ProgramMemory.PeakOfMerge(
            "--base",
            bench.Base,
            "--adapter",
            bench.Adapter,
            "--output",
            bench.OutputPath,
            "--device",
            "cpu",
            "--dtype",
            "float16",
            "--max-memory",
            OneLayerModel.MaxMemory
        );
    }

    /// <summary>Looks at the first and the last element of every row.</summary>
    private sealed class RowCheck : IBlockSink
    {
        public long BytesSeen { get; private set; }

        public void Write(int shard, int index, PlannedTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
        {
            Assert.Equal(BytesSeen, byteOffset);
            for (int offset = 0; offset < bytes.Length; offset += (int)RowLength * 2)
            {
                float expected = (byteOffset + offset) / (RowLength * 2) % 256;
                if (ValueAt(bytes, offset) != expected || ValueAt(bytes, offset + ((int)RowLength * 2) - 2) != expected)
                    Assert.Fail($"{ValueAt(bytes, offset)} instead of {expected} at byte {byteOffset + offset}");
            }
            BytesSeen += bytes.Length;
        }

        private static float ValueAt(ReadOnlySpan<byte> bytes, int offset) => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(bytes[offset..]) << 16);
    }
}
