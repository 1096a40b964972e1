using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Tests;
using LoraMerge.Manifests;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.Checkpoints;

/// <summary>A GGUF file is a base like any other: what comes of it is what the model gives that it was made from.</summary>
public sealed class GgufBaseTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<MergeEvent> _events = [];

    /// <summary>Families that a file is turned back to, with what is peculiar to each: tied heads, factors of rope, biases, experts, tokenizers.</summary>
    public static TheoryData<string, string> Models => new(
        ("llama.zip", "llama-plain"),
        ("llama.zip", "llama-tied-rope3"),
        ("llama.zip", "llama-head-dim"),
        ("llama.zip", "llama-spm-added"),
        ("llama.zip", "mistral-tekken"),
        ("llama.zip", "mixtral"),
        ("qwen.zip", "qwen2"),
        ("qwen.zip", "qwen2-tied-yarn"),
        ("qwen.zip", "qwen3"),
        ("qwen.zip", "qwen3-moe"),
        ("more.zip", "more-granite"),
        ("more.zip", "more-smollm3"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_quantised_file_gives_the_exact_model_rounded_once()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);

        await MergeAsync(_folder["base/model.gguf"], _folder["adapter"], "merged");

        Dictionary<string, StoredTensor> exact = TensorTable.Headers(_folder["exact.safetensors"]), merged = TensorTable.Headers(_folder["merged"]);
        Assert.Equal(exact.Keys.Order(StringComparer.Ordinal), merged.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, StoredTensor tensor) in merged)
        {
            Assert.Equal((DType.BF16, exact[name].ShapeText), (tensor.DType, tensor.ShapeText));
            double[] values = TensorTable.Values(exact[name]), rounded = [.. values.Select(value => Precision.Round(value, DType.BF16))];
            Assert.Null(Precision.Fault(values, rounded, TensorTable.Values(tensor), DType.BF16));
        }
        JsonObject config = JsonOf("merged", "config.json");
        JsonObject expected = JsonNode.Parse("""
            { "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 32, "num_hidden_layers": 1,
              "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 48, "rms_norm_eps": 1e-06, "max_position_embeddings": 64,
              "torch_dtype": "bfloat16" }
            """)!.AsObject();
        foreach ((string field, JsonNode? value) in expected)
            Assert.True(JsonNode.DeepEquals(value, config[field]), $"{field} is {config[field]}");
        _folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_merge_into_the_file_is_that_into_the_model_it_was_made_from(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        string gguf = await ToGgufAsync(golden);

        await MergeAsync(golden.BaseFolder, golden.AdapterFolder, "expected");
        await MergeAsync(gguf, golden.AdapterFolder, "merged");

        AssertSameTensors("expected", "merged");
        JsonObject expected = JsonOf("expected", "config.json"), found = JsonOf("merged", "config.json");
        foreach (string field in (string[])["hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size", "rms_norm_eps"])
            Assert.True(JsonNode.DeepEquals(expected[field], found[field]), $"{field} is {found[field]}");
        Assert.DoesNotContain(_events.OfType<MergeEvent.Warning>(), warning => warning.Code == DiagnosticCode.GgufTokenizerLeftOut);
        Assert.True(File.Exists(_folder["merged/tokenizer.json"]) || File.Exists(_folder["merged/tokenizer.model"]));
        _folder.Passed();
    }

    [Fact]
    public async Task A_model_in_several_files_is_named_by_its_first_one_or_its_folder()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string first = await ToGgufAsync(golden, request => request with { MaxShardSize = ByteSize.TryParse("40KB", out ByteSize? size) ? size : null });
        await MergeAsync(golden.BaseFolder, golden.AdapterFolder, "expected");

        await MergeAsync(first, golden.AdapterFolder, "by-file");
        await MergeAsync(Path.GetDirectoryName(first)!, golden.AdapterFolder, "by-folder");

        Assert.EndsWith("-00001-of-0000" + Directory.GetFiles(Path.GetDirectoryName(first)!, "*.gguf").Length + ".gguf", first, StringComparison.Ordinal);
        AssertSameTensors("expected", "by-file");
        AssertSameTensors("expected", "by-folder");
        Assert.True(File.Exists(_folder["by-file/model.safetensors.index.json"]));
        Assert.Equal("chat", JsonOf("by-file", MergeManifest.FileName)["base"]!["name"]!.GetValue<string>());
        _folder.Passed();
    }

    [Fact]
    public async Task The_key_covers_every_part_of_a_model()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string first = await ToGgufAsync(golden, request => request with { MaxShardSize = ByteSize.TryParse("40KB", out ByteSize? size) ? size : null });
        var request = new MergeRequest(first, [new AdapterRequest(golden.AdapterFolder)]);
        string key = Merger.KeyOf(request, TestContext.Current.CancellationToken);
        string last = Directory.GetFiles(Path.GetDirectoryName(first)!, "*.gguf").Order(StringComparer.Ordinal).Last();
        byte[] bytes = await File.ReadAllBytesAsync(last, TestContext.Current.CancellationToken);
        bytes[^64] ^= 1;
        await File.WriteAllBytesAsync(last, bytes, TestContext.Current.CancellationToken);

        string changed = Merger.KeyOf(request, TestContext.Current.CancellationToken);

        Assert.NotEqual(key, changed);
        _folder.Passed();
    }

    [Theory]
    [InlineData("Q4_0")]
    [InlineData("Q8_0")]
    public async Task A_file_becomes_a_file_again(string quantization)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await ToGgufAsync(golden);
        MergeRequest Ask(string model) => Request(model, golden.AdapterFolder) with { Format = "gguf", Quantization = quantization, Name = "chat" };

        await MergeAsync(Ask(golden.BaseFolder), "expected");
        await MergeAsync(Ask(gguf), "merged");

        using var expected = GgufModel.Open(_folder["expected/chat.gguf"]);
        using var merged = GgufModel.Open(_folder["merged/chat.gguf"]);
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name), merged.Tensors.Select(tensor => tensor.Name));
        foreach (GgufTensor tensor in expected.Tensors)
            Assert.Equal(BytesOf(expected, tensor.Name), BytesOf(merged, tensor.Name));
        foreach (string key in expected.Metadata.Select(pair => pair.Key).Where(key => key.StartsWith("tokenizer.", StringComparison.Ordinal)))
            Assert.True(merged.Metadata.Contains(key), key);
        _folder.Passed();
    }

    [Fact]
    public async Task A_merged_model_verifies_and_the_file_differs_from_its_model_in_nothing()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await ToGgufAsync(golden);
        await MergeAsync(gguf, golden.AdapterFolder, "merged");

        CommandLineRun verified = await CommandLineRun.Of("verify", _folder["merged"], "--base", gguf, "--adapter", golden.AdapterFolder, "--device", "cpu");
        CommandLineRun compared = await CommandLineRun.Of("diff", gguf, golden.BaseFolder, "--json");

        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
        // Norms are wider in the file.
        Assert.All(JsonNode.Parse(compared.Output)!["tensors"]!.AsArray(), tensor => Assert.Equal((0, "F32 against BF16"),
            (tensor!["differentElements"]!.GetValue<long>(), (string?)tensor["forms"])));
        _folder.Passed();
    }

    /// <summary>Rows of heads that lie in pairs are taken in another order than the file's, which is hashed in its own on the way.</summary>
    [Fact]
    public async Task The_file_is_read_once_but_for_rows_in_pairs()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);
        string gguf = _folder["base/model.gguf"];
        long pairs;
        using (var model = GgufModel.Open(gguf))
            pairs = model.Tensors.Where(tensor => tensor.Name is "blk.0.attn_q.weight" or "blk.0.attn_k.weight").Sum(tensor => tensor.ByteLength);

        MergeResult result = await MergeAsync(gguf, _folder["adapter"], "merged");

        Assert.InRange(result.ReadByteLength, new FileInfo(gguf).Length, new FileInfo(gguf).Length + pairs);
        Assert.Equal(ContentHash.OfFile(gguf, CancellationToken.None), result.Manifest.Base.Files["model.gguf"]);
        _folder.Passed();
    }

    [Fact]
    public async Task What_was_done_is_said_in_one_line()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);

        await MergeAsync(_folder["base/model.gguf"], _folder["adapter"], "merged");

        Assert.Single(_events.OfType<MergeEvent.Information>(), line =>
            line.Text == "The base is a GGUF file of F32 (3), Q8_0 (3), F16 (2), Q4_0 (2), Q5_1 (2); its 7 quantised tensors become bfloat16");
        _folder.Passed();
    }

    /// <summary>A folder of safetensors has no room for its types, and a file is made of it by its own quantization.</summary>
    [Fact]
    public async Task It_does_not_stay_as_it_is_in_a_folder()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => MergeAsync(Request(_folder["base/model.gguf"], _folder["adapter"]) with { KeepsQuantization = true }, "merged"));

        Assert.Equal(DiagnosticCode.RequantizeImpossible, fault.Code);
        Assert.Contains("Format=\"gguf\"", fault.Message, StringComparison.Ordinal);
        _folder.Passed();
    }

    [Fact]
    public async Task The_asked_dtype_holds_for_every_tensor()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);

        await MergeAsync(Request(_folder["base/model.gguf"], _folder["adapter"]) with { DType = new(DType.F32) }, "merged");

        Assert.All(TensorTable.Headers(_folder["merged"]).Values, tensor => Assert.Equal(DType.F32, tensor.DType));
        Assert.Equal("float32", (string?)JsonOf("merged", "config.json")["torch_dtype"]);
        _folder.Passed();
    }

    [Fact]
    public async Task A_tokenizer_beside_the_file_goes_before_the_one_in_it()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await ToGgufAsync(golden);
        string folder = Path.GetDirectoryName(gguf)!;
        File.Delete(Path.Combine(folder, MergeManifest.FileName));
        File.Copy(Path.Combine(golden.BaseFolder, "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), """{ "model_type": "llama" }""", TestContext.Current.CancellationToken);

        await MergeAsync(folder, golden.AdapterFolder, "merged");

        Assert.Equal(File.ReadAllBytes(Path.Combine(golden.BaseFolder, "tokenizer.json")), File.ReadAllBytes(_folder["merged/tokenizer.json"]));
        Assert.NotNull(JsonOf("merged", "config.json")["hidden_size"]);
        _folder.Passed();
    }

    [Fact]
    public async Task A_tokenizer_that_cannot_be_said_is_a_warning()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await ToGgufAsync(golden);
        Replace(gguf, "tokenizer.ggml.merges", "tokenizer.ggml.mergex");

        await MergeAsync(gguf, golden.AdapterFolder, "merged");

        MergeEvent.Warning warning = Assert.Single(_events.OfType<MergeEvent.Warning>(), warning => warning.Code == DiagnosticCode.GgufTokenizerLeftOut);
        Assert.Contains("tokenizer.ggml.merges", warning.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["merged/tokenizer.json"]));
        _folder.Passed();
    }

    public static TheoryData<string> Blocks => [.. Fixtures.FoldersOf("dequantise.zip")];

    /// <summary>Every type, by ggml's own formulas; these files are no whole models, so the tensors keep their names.</summary>
    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task Every_type_is_dequantised_without_an_adapter(string name)
    {
        Fixtures.Unpack("dequantise.zip", name, _folder.Path);

        CommandLineRun run = await CommandLineRun.Of("dequantize", "--base", _folder["model.gguf"], "--output", _folder["plain"], "--dtype", "float32");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("LORA2142", run.Error, StringComparison.Ordinal);
        Dictionary<string, StoredTensor> exact = TensorTable.Headers(_folder["exact.safetensors"]), plain = TensorTable.Headers(_folder["plain"]);
        Assert.Equal(exact.Keys.Order(StringComparer.Ordinal), plain.Keys.Order(StringComparer.Ordinal));
        foreach ((string tensor, StoredTensor expected) in exact)
        {
            Assert.Equal((DType.F32, expected.ShapeText), (plain[tensor].DType, plain[tensor].ShapeText));
            double[] values = TensorTable.Values(expected);
            Assert.InRange(Precision.Of(values, TensorTable.Values(plain[tensor])).Worst, 0, 1e-6 * values.Max(Math.Abs));
        }
        _folder.Passed();
    }

    [Fact]
    public async Task A_model_of_a_known_family_is_dequantised_under_Hugging_Faces_names()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);

        CommandLineRun run = await CommandLineRun.Of("dequantize", "--base", _folder["base/model.gguf"], "--output", _folder["plain"]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(TensorTable.Headers(_folder["plain"]).Values, tensor => Assert.Equal(DType.BF16, tensor.DType));
        Assert.Contains("model.layers.0.self_attn.q_proj.weight", TensorTable.Headers(_folder["plain"]).Keys);
        Assert.Equal("llama", (string?)JsonOf("plain", "config.json")["model_type"]);
        _folder.Passed();
    }

    [Theory]
    [InlineData("general.architecture", "general.architecturx", DiagnosticCode.GgufNotRestorable, "llama, mistral3, qwen2")]
    [InlineData("llama.block_count", "llama.block_xxxxx", DiagnosticCode.GgufNotRestorable, "llama.block_count")]
    [InlineData("blk.1.attn_q.weight", "blk.1.attn_q.weighx", DiagnosticCode.GgufNotRestorable, "blk.1.attn_q.weight")]
    public async Task A_file_that_is_no_such_model_is_refused_by_name(string text, string other, DiagnosticCode code, string says)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await ToGgufAsync(golden);
        Replace(gguf, text, other);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => MergeAsync(gguf, golden.AdapterFolder, "merged"));

        Assert.Equal(code, fault.Code);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["merged"]));
        _folder.Passed();
    }

    /// <summary>A cut file, and headers that lie: counts and lengths beyond all bounds, an offset into another tensor.</summary>
    [Theory]
    [InlineData("cut")]
    [InlineData("tensor count")]
    [InlineData("key count")]
    [InlineData("dimension")]
    [InlineData("offset")]
    public async Task A_hostile_file_is_refused_without_a_trace(string attack)
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);
        string gguf = _folder["base/model.gguf"];
        byte[] bytes = await File.ReadAllBytesAsync(gguf, TestContext.Current.CancellationToken);
        int entry = bytes.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes("blk.0.attn_v.weight")) + "blk.0.attn_v.weight".Length; // dimensions, type, offset
        if (attack == "cut")
            bytes = bytes[..^1000];
        else
            bytes.AsSpan(attack switch { "tensor count" => 8, "key count" => 16, "dimension" => entry + 4, _ => entry + 4 + 16 + 4 }, 7).Fill(0x7F);
        await File.WriteAllBytesAsync(gguf, bytes, TestContext.Current.CancellationToken);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => MergeAsync(gguf, _folder["adapter"], "merged"));

        Assert.Equal(DiagnosticCode.GgufInvalid, fault.Code);
        Assert.False(Directory.Exists(_folder["merged"]));
        _folder.Passed();
    }

    /// <summary>What is sound but not read is not said to be damaged.</summary>
    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0 }, "version 1")]
    [InlineData(new byte[] { 0, 0, 0, 3 }, "big-endian")]
    public async Task A_file_of_another_version_is_told_as_such(byte[] version, string says)
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);
        string gguf = _folder["base/model.gguf"];
        byte[] bytes = await File.ReadAllBytesAsync(gguf, TestContext.Current.CancellationToken);
        version.CopyTo(bytes, 4);
        await File.WriteAllBytesAsync(gguf, bytes, TestContext.Current.CancellationToken);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => MergeAsync(gguf, _folder["adapter"], "merged"));

        Assert.Equal(DiagnosticCode.GgufInvalid, fault.Code);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("download", fault.Message, StringComparison.Ordinal);
        _folder.Passed();
    }

    [Fact]
    public async Task A_tensor_without_elements_has_no_sides_that_cannot_be_counted()
    {
        var layout = GgufFileLayout.Create(new GgufMetadata { { "general.architecture", "none" } }, [("empty", GgufType.F32, [0, 1L << 40, 1L << 40])]);
        using (GgufWriter writer = GgufWriter.Create(_folder["model.gguf"], layout))
            writer.Commit();

        CommandLineRun run = await CommandLineRun.Of("dequantize", "--base", _folder["model.gguf"], "--output", _folder["plain"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("LORA2047", run.Error, StringComparison.Ordinal);
        _folder.Passed();
    }

    [Fact]
    public async Task An_adapter_is_no_base()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        await MergeAsync(Request(golden.BaseFolder, golden.AdapterFolder) with { Format = "gguf-adapter", Name = "pirate" }, "adapter");

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => MergeAsync(_folder["adapter/pirate.gguf"], golden.AdapterFolder, "merged"));

        Assert.Equal(DiagnosticCode.GgufHoldsNoModel, fault.Code);
        _folder.Passed();
    }

    [Fact]
    public async Task Several_files_that_could_be_the_base_are_named()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await ToGgufAsync(golden), folder = Path.GetDirectoryName(gguf)!;
        File.Copy(gguf, Path.Combine(folder, "chat.Q4_0.gguf"));

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => MergeAsync(folder, golden.AdapterFolder, "merged"));

        Assert.Equal(DiagnosticCode.CheckpointIsAmbiguous, fault.Code);
        Assert.Contains("chat.Q4_0.gguf", fault.Message, StringComparison.Ordinal);
        _folder.Passed();
    }

    /// <summary>The base as a file: what a merge with an adapter of no weight gives, in the base's own type.</summary>
    private async Task<string> ToGgufAsync(GoldenCase golden, Func<MergeRequest, MergeRequest>? change = null)
    {
        MergeRequest request = new(golden.BaseFolder, [new AdapterRequest(golden.AdapterFolder, 0)]) { Device = "cpu", Format = "gguf", Name = "chat" };
        await MergeAsync(change?.Invoke(request) ?? request, "gguf");
        _events.Clear();
        return Directory.GetFiles(_folder["gguf"], "*.gguf").Order(StringComparer.Ordinal).First();
    }

    private static MergeRequest Request(string model, string adapter) => new(model, [new AdapterRequest(adapter)]) { Device = "cpu" };

    private Task<MergeResult> MergeAsync(string model, string adapter, string output) => MergeAsync(Request(model, adapter), output);

    private Task<MergeResult> MergeAsync(MergeRequest request, string output) =>
        new Merger(_events.Add).MergeAsync(request, _folder[output], TestContext.Current.CancellationToken);

    /// <summary>In the one dtype that the file gives all tensors: a base may have a few in another.</summary>
    private void AssertSameTensors(string expected, string found)
    {
        Dictionary<string, StoredTensor> one = TensorTable.Headers(_folder[expected]), other = TensorTable.Headers(_folder[found]);
        Assert.Equal(one.Keys.Order(StringComparer.Ordinal), other.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, StoredTensor tensor) in one)
        {
            DType dtype = other[name].DType;
            Assert.Equal(tensor.ShapeText, other[name].ShapeText);
            Assert.Equal(JsonOf(found, "config.json")["torch_dtype"]!.GetValue<string>(), dtype == DType.BF16 ? "bfloat16" : "float16");
            Assert.True(TensorTable.Values(tensor).Select(value => Precision.Round(value, dtype)).SequenceEqual(TensorTable.Values(other[name])), name);
        }
    }

    private JsonObject JsonOf(string folder, string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder[folder], file)))!.AsObject();

    private static byte[] BytesOf(GgufModel model, string name)
    {
        Assert.True(model.TryFind(name, out GgufTensor? tensor));
        byte[] bytes = new byte[tensor.ByteLength];
        model.FileOf(tensor).ReadInto(tensor, 0, bytes);
        return bytes;
    }

    private static void Replace(string file, string text, string other)
    {
        byte[] bytes = File.ReadAllBytes(file);
        Encoding.UTF8.GetBytes(other).CopyTo(bytes, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)));
        File.WriteAllBytes(file, bytes);
    }
}
