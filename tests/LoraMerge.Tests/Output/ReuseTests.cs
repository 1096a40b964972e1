using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Store;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Output;

/// <summary>When one of several adapters changes, only what it touches is computed again, and files without any such tensor are not written again.</summary>
public sealed class ReuseTests
{
    private const long SideLength = 64;
    private const long TensorLength = SideLength * SideLength * 2;

    private static readonly string[] s_modules =
    [
        "model.layers.0.mlp.up_proj",
        "model.layers.1.mlp.up_proj",
        "model.layers.2.mlp.up_proj",
        "model.layers.3.mlp.up_proj",
    ];

    [Fact]
    public async Task Files_that_a_changed_adapter_does_not_touch_are_not_written_again()
    {
        using TestFolder folder = TwoFiles();
        WriteAdapter(folder, "low", s_modules[0], seed: 1);
        WriteAdapter(folder, "high", s_modules[2], seed: 2);
        MergeResult first = await Merge(folder, "store");
        string earlier = Path.Combine(folder["kept"], "model-00001-of-00002.safetensors");
        Directory.CreateDirectory(folder["kept"]);
        File.Copy(Path.Combine(first.Folder, "model-00001-of-00002.safetensors"), earlier);

        WriteAdapter(folder, "high", s_modules[2], seed: 3);
        MergeResult second = await Merge(folder, "store");
        MergeResult anew = await Merge(folder, "other");

        Assert.Equal((2, 4 * TensorLength), (first.ComputedTensorCount, first.WrittenByteLength));
        Assert.InRange(first.ReadByteLength, 4 * TensorLength, 5 * TensorLength); // with headers, which are hashed too
        Assert.Equal((1, 2 * TensorLength, 2 * TensorLength), (second.ComputedTensorCount, second.ReadByteLength, second.WrittenByteLength));
        Assert.Equal(FolderContents.Of(anew.Folder), FolderContents.Of(second.Folder));
        Assert.Equal(File.ReadAllBytes(earlier), File.ReadAllBytes(Path.Combine(second.Folder, "model-00001-of-00002.safetensors")));
        folder.Passed();
    }

    [Fact]
    public async Task Within_a_file_only_tensors_that_a_changed_adapter_touches_are_computed_again()
    {
        using TestFolder folder = TwoFiles();
        WriteAdapter(folder, "low", s_modules[0], seed: 1);
        WriteAdapter(folder, "high", s_modules[1], seed: 2);
        await Merge(folder, "store");

        WriteAdapter(folder, "high", s_modules[1], seed: 3);
        MergeResult second = await Merge(folder, "store");
        MergeResult anew = await Merge(folder, "other");

        Assert.Equal((1, 2 * TensorLength), (second.ComputedTensorCount, second.WrittenByteLength));
        Assert.Equal(FolderContents.Of(anew.Folder), FolderContents.Of(second.Folder));
        folder.Passed();
    }

    [Theory]
    [InlineData("its weight")]
    [InlineData("the base")]
    [InlineData("the dtype")]
    [InlineData("the order")]
    [InlineData("the config")]
    public async Task Nothing_is_taken_over_that_would_be_another(string change)
    {
        using TestFolder folder = TwoFiles();
        WriteAdapter(folder, "low", s_modules[0], seed: 1);
        WriteAdapter(folder, "high", s_modules[0], seed: 2);
        await Merge(folder, "store");

        if (change == "the base")
            WriteBase(folder, seed: 9);
        if (change == "the config")
            WriteAdapter(folder, "high", s_modules[0], seed: 2, alpha: 3);
        Func<MergeRequest, MergeRequest> asked = change switch
        {
            "its weight" => request => request with { Adapters = [request.Adapters[0], request.Adapters[1] with { Weight = 0.5 }] },
            "the dtype" => request => request with { DType = new OutputDType(DType.F32) },
            "the order" => request => request with { Adapters = [request.Adapters[1], request.Adapters[0]] },
            _ => request => request,
        };
        MergeResult second = await Merge(folder, "store", asked);
        MergeResult anew = await Merge(folder, "other", asked);

        Assert.Equal(anew.ComputedTensorCount, second.ComputedTensorCount);
        Assert.Equal(FolderContents.Of(anew.Folder), FolderContents.Of(second.Folder));
        folder.Passed();
    }

    [Fact]
    public async Task An_earlier_model_that_was_written_to_is_not_trusted()
    {
        using TestFolder folder = TwoFiles();
        WriteAdapter(folder, "low", s_modules[0], seed: 1);
        WriteAdapter(folder, "high", s_modules[2], seed: 2);
        MergeResult first = await Merge(folder, "store");
        string written = Path.Combine(first.Folder, "model-00001-of-00002.safetensors");
        byte[] bytes = File.ReadAllBytes(written);
        bytes[^1] ^= 1;
        File.WriteAllBytes(written, bytes);

        WriteAdapter(folder, "high", s_modules[2], seed: 3);
        MergeResult second = await Merge(folder, "store");
        MergeResult anew = await Merge(folder, "other");

        Assert.Equal(4 * TensorLength, second.WrittenByteLength);
        Assert.Equal(FolderContents.Of(anew.Folder), FolderContents.Of(second.Folder));
        folder.Passed();
    }

    [Fact]
    public async Task A_rebuild_takes_nothing_over()
    {
        using TestFolder folder = TwoFiles();
        WriteAdapter(folder, "low", s_modules[0], seed: 1);
        WriteAdapter(folder, "high", s_modules[2], seed: 2);
        await Merge(folder, "store");

        MergeResult second = await Merge(folder, "store", newerThan: DateTime.UtcNow);

        Assert.Equal((2, 4 * TensorLength), (second.ComputedTensorCount, second.WrittenByteLength));
        folder.Passed();
    }

    private static TestFolder TwoFiles()
    {
        var folder = new TestFolder();
        WriteBase(folder, seed: 0);
        return folder;
    }

    /// <summary>Two files with two tensors each.</summary>
    private static void WriteBase(TestFolder folder, int seed)
    {
        TinyCheckpoint checkpoint = TinyCheckpoint.Empty.InShards(2);
        for (int i = 0; i < s_modules.Length; i++)
            checkpoint.With(s_modules[i] + ".weight", DType.BF16, [SideLength, SideLength], Values(seed + i, SideLength * SideLength));
        checkpoint.WriteTo(folder["base"]);
    }

    private static void WriteAdapter(TestFolder folder, string name, string module, int seed, double alpha = 2) =>
        TinyAdapter.Lora(2).Config("lora_alpha", alpha)
            .With(module + ".lora_A.weight", DType.F32, [2, SideLength], Values(seed, 2 * SideLength))
            .With(module + ".lora_B.weight", DType.F32, [SideLength, 2], Values(seed + 100, 2 * SideLength))
            .WriteTo(folder[name]);

    private static double[] Values(int seed, long count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)count).Select(_ => (random.NextDouble() - 0.5) * 0.1)];
    }

    private static Task<MergeResult> Merge(TestFolder folder, string store, Func<MergeRequest, MergeRequest>? asked = null, DateTime? newerThan = null)
    {
        var request = new MergeRequest(folder["base"], [new AdapterRequest(folder["low"]), new AdapterRequest(folder["high"])]) { Device = "cpu" };
        return new Merger().MergeIntoStoreAsync(
            asked?.Invoke(request) ?? request,
            new StoreRequest(folder[store], Path.Combine(folder["obj"], store + ".state"), newerThan),
            CancellationToken.None
        );
    }
}
