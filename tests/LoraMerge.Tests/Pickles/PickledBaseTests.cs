using System.Text.Json.Nodes;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Quantized;
using LoraMerge.Requests;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Pickles;

/// <summary>Base models that are there as pickles only.</summary>
public sealed class PickledBaseTests
{
    private static readonly (string, byte[])[] Storages = [("0", TinyTorchFile.Counting(6)), ("1", TinyTorchFile.Counting(6))];

    [Fact]
    public async Task A_golden_base_gives_the_same_model_from_one_pickle()
    {
        GoldenCase golden = GoldenCase.Open("lora-llama-float32");
        using var folder = new TestFolder();
        Checkpoint original = BaseModels.Open(golden.BaseFolder);
        string pickled = CopyWithoutWeights(golden.BaseFolder, folder["pickled"]);
        File.WriteAllBytes(Path.Combine(pickled, "pytorch_model.bin"), Pickle(original.Shards[0].Tensors));

        await Merge(golden.Request() with { Verification = Verification.Written }, folder["expected"]);
        MergeResult result = await Merge(golden.Request() with { BaseModel = pickled, Verification = Verification.Written }, folder["merged"]);

        Dictionary<string, StoredTensor> expected = TensorTable.Headers(folder["expected"]);
        Dictionary<string, StoredTensor> merged = TensorTable.Headers(folder["merged"]);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), merged.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, pair => Assert.Equal(TensorTable.Bytes(pair.Value), TensorTable.Bytes(merged[pair.Key])));
        Assert.Equal(ContentHash.OfFile(Path.Combine(pickled, "pytorch_model.bin"), CancellationToken.None), result.Manifest.Base.Files["pytorch_model.bin"]);
        Assert.True(File.Exists(Path.Combine(folder["merged"], "model.safetensors")));
        Assert.DoesNotContain(Directory.EnumerateFiles(folder["merged"]), file => file.Contains(".bin", StringComparison.Ordinal));
        folder.Passed();
    }

    [Fact]
    public async Task A_base_in_several_pickles_becomes_as_many_shards_with_an_index_of_their_names()
    {
        GoldenCase golden = GoldenCase.Open("lora-llama-float32");
        using var folder = new TestFolder();
        StoredTensor[] tensors = [.. BaseModels.Open(golden.BaseFolder).Shards[0].Tensors];
        string pickled = CopyWithoutWeights(golden.BaseFolder, folder["pickled"]);
        var map = new JsonObject();
        for (int shard = 0; shard < 2; shard++)
        {
            StoredTensor[] part = [.. tensors.Where((_, i) => i % 2 == shard)];
            string name = $"pytorch_model-0000{shard + 1}-of-00002.bin";
            File.WriteAllBytes(Path.Combine(pickled, name), Pickle(part));
            foreach (StoredTensor tensor in part)
                map[tensor.Name] = name;
        }
        File.WriteAllText(
            Path.Combine(pickled, "pytorch_model.bin.index.json"),
            new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString()
        );

        await Merge(golden.Request() with { BaseModel = pickled }, folder["merged"]);

        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"],
            Directory.EnumerateFiles(folder["merged"], "*model*").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.Equal(tensors.Length, BaseModels.Open(folder["merged"]).TensorNames.Count());
        folder.Passed();
    }

    [Fact]
    public void A_head_that_the_config_ties_is_left_out()
    {
        using var folder = new TestFolder();
        WriteBase(folder, """{"tie_word_embeddings": true}""", ("model.embed_tokens.weight", "0"), ("lm_head.weight", "0"), ("model.norm.weight", "1"));

        Checkpoint checkpoint = BaseModels.Open(folder.Path);

        Assert.Equal(["model.embed_tokens.weight", "model.norm.weight"], checkpoint.TensorNames.Order(StringComparer.Ordinal));
        folder.Passed();
    }

    [Theory]
    [InlineData("{}", "0")] // whether its family ties them is not known here: both names stay, with the same bytes
    [InlineData("""{"tie_word_embeddings": false}""", "0")]
    [InlineData("""{"tie_word_embeddings": true}""", "1")] // tied, but other bytes: nothing is dropped
    public void Any_other_head_stays(string config, string headStorage)
    {
        using var folder = new TestFolder();
        WriteBase(folder, config, ("model.embed_tokens.weight", "0"), ("lm_head.weight", headStorage), ("model.norm.weight", "1"));

        Checkpoint checkpoint = BaseModels.Open(folder.Path);

        Assert.Equal(3, checkpoint.TensorNames.Count());
        folder.Passed();
    }

    [Fact]
    public async Task A_change_of_one_of_two_tensors_that_share_their_bytes_is_refused()
    {
        GoldenCase golden = GoldenCase.Open("lora-llama-float32");
        using var folder = new TestFolder();
        StoredTensor[] tensors = [.. BaseModels.Open(golden.BaseFolder).Shards[0].Tensors];
        string pickled = CopyWithoutWeights(golden.BaseFolder, folder["pickled"]);
        StoredTensor query = tensors.First(tensor => tensor.Name.Contains("q_proj", StringComparison.Ordinal));
        File.WriteAllBytes(Path.Combine(pickled, "pytorch_model.bin"), Pickle([.. tensors, query with { Name = "other.weight" }]));

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(golden.Request() with { BaseModel = pickled }, folder["merged"]));

        Assert.Equal(DiagnosticCode.SharedTensorChanged, fault.Code);
        Assert.Contains("'other.weight'", fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public void Safetensors_are_preferred_and_then_pickles_are_no_inputs()
    {
        using var folder = new TestFolder();
        WriteBase(folder, "{}", ("x", "0"));
        File.WriteAllText(folder["pytorch_model.bin.index.json"], "{}");
        File.WriteAllText(folder["training_args.bin"], "no weights");
        string[] without = [.. InputFiles.OfBase(folder.Path).Files.Select(file => file.RelativePath)];
        File.Copy(Path.Combine(GoldenCase.Open("lora-llama-float32").BaseFolder, "model.safetensors"), folder["model.safetensors"]);

        string[] with = [.. InputFiles.OfBase(folder.Path).Files.Select(file => file.RelativePath)];

        Assert.Equal(["config.json", "pytorch_model.bin"], without);
        Assert.Equal(["config.json", "model.safetensors"], with);
        Assert.False(BaseModels.Open(folder.Path).IsPickled);
        folder.Passed();
    }

    [Fact]
    public void What_training_leaves_behind_is_no_model()
    {
        using var folder = new TestFolder();
        foreach (string name in (string[])["training_args.bin", "optimizer.bin", "scheduler.pt", "rng_state.pth"])
            File.WriteAllText(folder[name], "no weights");

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => BaseModels.Open(folder.Path));

        Assert.Equal(DiagnosticCode.CheckpointHasNoWeights, fault.Code);
        folder.Passed();
    }

    [Fact]
    public async Task A_name_that_safetensors_reserves_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Empty, TinyAdapter.Lora().Module("x", 2, 3));
        File.Delete(bench.InBase("model.safetensors"));
        byte[] pickle = TinyPickle.StateDict(("x.weight", new TinyTensor("0", 2, 3)), ("__metadata__", new TinyTensor("1", 2, 3)));
        File.WriteAllBytes(bench.InBase("pytorch_model.bin"), TinyTorchFile.Zip(pickle, Storages));

        await bench.AssertRefusedAsync(DiagnosticCode.ShardImpossible, "'model.safetensors'", "'__metadata__' is reserved");
        bench.Passed();
    }

    private static Task<MergeResult> Merge(MergeRequest request, string output) => new Merger().MergeAsync(request, output, CancellationToken.None);

    private static string CopyWithoutWeights(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from).Where(file => !file.Contains("safetensors", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        return to;
    }

    private static void WriteBase(TestFolder folder, string config, params (string Name, string Storage)[] tensors)
    {
        File.WriteAllText(folder["config.json"], config);
        byte[] pickle = TinyPickle.StateDict([.. tensors.Select(tensor => (tensor.Name, new TinyTensor(tensor.Storage, 2, 3)))]);
        File.WriteAllBytes(
            folder["pytorch_model.bin"],
            TinyTorchFile.Zip(pickle, [.. Storages.Where(storage => tensors.Any(tensor => tensor.Storage == storage.Item1))])
        );
    }

    /// <summary>Float32 tensors, those of one place as one storage; matrices are saved as views of their transposed.</summary>
    private static byte[] Pickle(IEnumerable<StoredTensor> tensors)
    {
        (StoredTensor Tensor, string Key)[] keyed = [.. tensors.Select(tensor => (tensor, $"{tensor.FileOffset}"))];
        byte[] pickle = TinyPickle.StateDict([
            .. keyed.Select(pair =>
                (
                    pair.Tensor.Name,
                    new TinyTensor(pair.Key, [.. pair.Tensor.Shape]) { Strides = pair.Tensor.Shape.Length == 2 ? [1, pair.Tensor.Shape[0]] : null }
                )
            ),
        ]);
        return TinyTorchFile.Zip(
            pickle,
            [
                .. keyed
                    .DistinctBy(pair => pair.Key)
                    .Select(pair => (pair.Key, pair.Tensor.Shape.Length == 2 ? Transposed(pair.Tensor) : TensorTable.Bytes(pair.Tensor))),
            ]
        );
    }

    private static byte[] Transposed(StoredTensor tensor)
    {
        byte[] bytes = TensorTable.Bytes(tensor);
        int rows = (int)tensor.Shape[0], columns = (int)tensor.Shape[1];
        byte[] transposed = new byte[bytes.Length];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                bytes.AsSpan(((i * columns) + j) * sizeof(float), sizeof(float)).CopyTo(transposed.AsSpan(((j * rows) + i) * sizeof(float)));
        }
        return transposed;
    }
}
