using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.Adapters;

/// <summary>A GGUF LoRA file is an adapter: merged, it gives the model that the adapter gives which it was made from.</summary>
public sealed class GgufAdapterReadingTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Heads in pairs, weights that are turned round, stacked experts; scalings are folded into the factors there, which rounds them.</summary>
    [Theory]
    [InlineData("llama.zip", "llama-plain")]
    [InlineData("llama.zip", "llama-head-dim")]
    [InlineData("llama.zip", "mistral-tekken")]
    [InlineData("llama.zip", "mixtral")]
    [InlineData("qwen.zip", "qwen2")]
    [InlineData("qwen.zip", "qwen3")]
    [InlineData("gemma.zip", "gemma2")]
    [InlineData("phi.zip", "phi3")]
    [InlineData("phi.zip", "phi3-longrope")]
    [InlineData("qwen.zip", "qwen3-moe")]
    [InlineData("gemma.zip", "gemma3")]
    [InlineData("more.zip", "gpt2")]
    [InlineData("more.zip", "more-command-r")]
    [InlineData("more.zip", "more-glm4")]
    [InlineData("more.zip", "more-gpt-oss")]
    [InlineData("more.zip", "more-lfm2")]
    [InlineData("more.zip", "more-olmo2")]
    [InlineData("more.zip", "more-phi2")]
    [InlineData("more.zip", "more-qwen2-moe")]
    [InlineData("more.zip", "more-stablelm")]
    [InlineData("more.zip", "more-starcoder2")]
    public async Task An_adapter_that_was_written_as_GGUF_merges_to_the_same_model(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        await MergeAsync(Request(golden.BaseFolder, golden.AdapterFolder), "expected");
        await MergeAsync(Request(golden.BaseFolder, golden.AdapterFolder) with { Format = "gguf-adapter", Name = "pirate" }, "adapter");

        await MergeAsync(Request(golden.BaseFolder, _folder["adapter/pirate.gguf"]), "by-file");
        await MergeAsync(Request(golden.BaseFolder, _folder["adapter"]), "by-folder");

        Dictionary<string, StoredTensor> expected = TensorTable.Headers(_folder["expected"]), plain = TensorTable.Headers(golden.BaseFolder);
        Dictionary<string, StoredTensor> found = TensorTable.Headers(_folder["by-file"]);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        foreach ((string tensor, StoredTensor stored) in expected)
        {
            double[] wanted = TensorTable.Values(stored), values = TensorTable.Values(found[tensor]), before = TensorTable.Values(plain[tensor]);
            double change = Precision.Of(before, wanted).Mean;
            Assert.InRange(Precision.Of(wanted, values).Mean, 0, change / 100);
            Assert.Equal(change == 0, TensorTable.Bytes(plain[tensor]).AsSpan().SequenceEqual(TensorTable.Bytes(found[tensor])));
        }
        Assert.Equal(await File.ReadAllBytesAsync(_folder["by-file/model.safetensors"], TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(_folder["by-folder/model.safetensors"], TestContext.Current.CancellationToken));
        _folder.Passed();
    }

    /// <summary>convert_lora_to_gguf.py keeps alpha beside the factors, and puts rows of B in pairs where the architecture's are: the same bits.</summary>
    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    public async Task An_adapter_as_llama_cpp_converts_it_merges_to_the_bits_of_the_one_it_was_made_from(string typeName)
    {
        GgufType type = Enum.Parse<GgufType>(typeName);
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string peft = PeftWith(golden, type);
        Convert(peft, _folder["pirate.gguf"], type, golden);
        await MergeAsync(Request(golden.BaseFolder, peft), "expected");

        await MergeAsync(Request(golden.BaseFolder, _folder["pirate.gguf"]), "merged");

        AssertSameBits("expected", "merged");
        _folder.Passed();
    }

    /// <summary>Readers look rows of A up by tokens there.</summary>
    [Fact]
    public async Task A_change_of_the_embedding_is_that_of_its_rows()
    {
        const int rank = 4;
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        StoredTensor embedding = TensorTable.Headers(golden.BaseFolder)["model.embed_tokens.weight"];
        (long tokens, long width) = (embedding.Shape[0], embedding.Shape[1]);
        var random = new Random(7);
        float[] a = [.. Enumerable.Range(0, (int)(rank * tokens)).Select(_ => (random.NextSingle() - 0.5f) / 8)]; // [r, tokens]
        float[] b = [.. Enumerable.Range(0, (int)(rank * width)).Select(_ => (random.NextSingle() - 0.5f) / 8)]; // [width, r]
        string peft = Directory.CreateDirectory(_folder["peft"]).FullName;
        JsonObject config = ConfigOf(golden);
        config["target_modules"] = new JsonArray("embed_tokens");
        await File.WriteAllTextAsync(Path.Combine(peft, "adapter_config.json"), config.ToJsonString(), TestContext.Current.CancellationToken);
        const string module = "base_model.model.model.embed_tokens.lora_embedding_";
        TinyTensor.Write(Path.Combine(peft, "adapter_model.safetensors"),
        [
            TinyTensor.Of(module + "A", DType.F32, [rank, tokens], [.. a.Select(value => (double)value)]),
            TinyTensor.Of(module + "B", DType.F32, [width, rank], [.. b.Select(value => (double)value)]),
        ]);
        float[] byToken = [.. Enumerable.Range(0, (int)tokens).SelectMany(token => Enumerable.Range(0, rank).Select(r => a[(r * tokens) + token]))];
        Write(_folder["pirate.gguf"], MetadataOf(golden), GgufType.F32,
            [("token_embd.weight.lora_a", [tokens, rank], byToken), ("token_embd.weight.lora_b", [width, rank], b)]);
        await MergeAsync(Request(golden.BaseFolder, peft), "expected");

        await MergeAsync(Request(golden.BaseFolder, _folder["pirate.gguf"]), "merged");

        double[] wanted = TensorTable.Values(TensorTable.Headers(_folder["expected"])[embedding.Name]);
        double[] found = TensorTable.Values(TensorTable.Headers(_folder["merged"])[embedding.Name]);
        Assert.InRange(Precision.Of(wanted, found).Mean, 0, Precision.Of(TensorTable.Values(embedding), wanted).Mean / 1000);
        Assert.NotEqual(TensorTable.Values(embedding), found);
        _folder.Passed();
    }

    [Fact]
    public async Task A_file_merges_into_a_file()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        await MergeAsync(Request(golden.BaseFolder, golden.AdapterFolder, weight: 0) with { Format = "gguf", Name = "chat" }, "base");
        string peft = PeftWith(golden, GgufType.F32);
        Convert(peft, _folder["pirate.gguf"], GgufType.F32, golden);
        await MergeAsync(Request(_folder["base/chat.gguf"], peft) with { Format = "gguf", Quantization = "Q8_0", Name = "chat" }, "expected");

        await MergeAsync(Request(_folder["base/chat.gguf"], _folder["pirate.gguf"]) with { Format = "gguf", Quantization = "Q8_0", Name = "chat" }, "merged");

        using GgufModel expected = GgufModel.Open(_folder["expected/chat.gguf"]), merged = GgufModel.Open(_folder["merged/chat.gguf"]);
        foreach (GgufTensor tensor in expected.Tensors)
            Assert.Equal(BytesOf(expected, tensor.Name), BytesOf(merged, tensor.Name));
        _folder.Passed();
    }

    [Fact]
    public async Task Inspection_says_what_it_is()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        Convert(PeftWith(golden, GgufType.F32), _folder["pirate.gguf"], GgufType.F32, golden);

        CommandLineRun run = await CommandLineRun.Of("inspect", _folder["pirate.gguf"], "--json");
        JsonObject facts = JsonNode.Parse(run.Output)!.AsObject();

        Assert.StartsWith("GGUF adapter of llama.cpp", (string?)facts["what"], StringComparison.Ordinal);
        Assert.Contains("architecture 'llama'", (string?)facts["inwords"], StringComparison.Ordinal);
        Assert.Contains("attn_q", facts["kindsoftensors"]!.AsArray().Select(kind => (string?)kind));
        _folder.Passed();
    }

    /// <summary>Readers of llama.cpp take an alpha of 0 for a factor of 1.</summary>
    [Fact]
    public async Task An_alpha_of_0_is_no_scaling()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        Convert(PeftWith(golden, GgufType.F32), _folder["pirate.gguf"], GgufType.F32, golden, metadata => metadata.Set("adapter.lora.alpha", 0f));
        Convert(PeftWith(golden, GgufType.F32), _folder["same.gguf"], GgufType.F32, golden,
            metadata => metadata.Set("adapter.lora.alpha", (float)RankOf(golden)));
        await MergeAsync(Request(golden.BaseFolder, _folder["same.gguf"]), "expected");

        await MergeAsync(Request(golden.BaseFolder, _folder["pirate.gguf"]), "merged");

        AssertSameBits("expected", "merged");
        _folder.Passed();
    }

    [Theory]
    [InlineData("adapter.type", "alora", DiagnosticCode.GgufAdapterOfOtherType, "alora")]
    [InlineData("adapter.type", null, DiagnosticCode.GgufAdapterOfOtherType, "lora")]
    [InlineData("adapter.lora.alpha", null, DiagnosticCode.GgufAdapterKeyMissing, "adapter.lora.alpha")]
    [InlineData("adapter.alora.invocation_tokens", "1", DiagnosticCode.GgufAdapterOfOtherType, "activated LoRA")]
    [InlineData("general.architecture", "qwen2", DiagnosticCode.GgufAdapterOfOtherArchitecture, "'llama'")]
    [InlineData("general.type", "model", DiagnosticCode.GgufIsNoAdapter, "base model")]
    public async Task What_cannot_be_merged_is_refused_by_name(string key, string? value, DiagnosticCode code, string says)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        Convert(PeftWith(golden, GgufType.F32), _folder["pirate.gguf"], GgufType.F32, golden, change: metadata =>
        {
            if (value is not null)
                metadata.Set(key, value);
        }, without: value is null ? key : null);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => MergeAsync(Request(golden.BaseFolder, _folder["pirate.gguf"]), "merged"));

        Assert.Equal(code, fault.Code);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["merged"]));
        _folder.Passed();
    }

    [Theory]
    [InlineData("blk.0.attn_q.weight.lora_b", "blk.0.attn_q.weight.lora_x", DiagnosticCode.AdapterTensorUnknown)]
    [InlineData("blk.0.attn_q.weight.lora_b", "blk.7.attn_q.weight.lora_b", DiagnosticCode.HalfAPair)]
    [InlineData("blk.1.attn_q.weight.lora_", "blk.9.attn_q.weight.lora_", DiagnosticCode.ModuleNotInBase)]
    public async Task A_tensor_without_a_place_is_refused_by_name(string tensor, string other, DiagnosticCode code)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        Convert(PeftWith(golden, GgufType.F32), _folder["pirate.gguf"], GgufType.F32, golden,
            rename: name => name.StartsWith(tensor, StringComparison.Ordinal) ? other + name[tensor.Length..] : name);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => MergeAsync(Request(golden.BaseFolder, _folder["pirate.gguf"]), "merged"));

        Assert.Equal(code, fault.Code);
        _folder.Passed();
    }

    private static MergeRequest Request(string model, string adapter, double weight = 1) =>
        new(model, [new AdapterRequest(adapter, weight)]) { Device = "cpu" };

    private Task<MergeResult> MergeAsync(MergeRequest request, string output) =>
        new Merger().MergeAsync(request, _folder[output], TestContext.Current.CancellationToken);

    private void AssertSameBits(string expected, string found)
    {
        Dictionary<string, StoredTensor> other = TensorTable.Headers(_folder[found]);
        foreach ((string name, StoredTensor tensor) in TensorTable.Headers(_folder[expected]))
            Assert.True(TensorTable.Bytes(tensor).AsSpan().SequenceEqual(TensorTable.Bytes(other[name])), name);
    }

    private static byte[] BytesOf(GgufModel model, string name)
    {
        Assert.True(model.TryFind(name, out GgufTensor? tensor));
        byte[] bytes = new byte[tensor.ByteLength];
        model.FileOf(tensor).ReadInto(tensor, 0, bytes);
        return bytes;
    }

    private static JsonObject ConfigOf(GoldenCase golden) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(golden.AdapterFolder, "adapter_config.json")))!.AsObject();

    private static long RankOf(GoldenCase golden) => ConfigOf(golden)["r"]!.GetValue<long>();

    /// <summary>The case's adapter with values that the type holds, so that converting it rounds nothing.</summary>
    private string PeftWith(GoldenCase golden, GgufType type)
    {
        string folder = Directory.CreateDirectory(_folder["peft"]).FullName;
        File.Copy(Path.Combine(golden.AdapterFolder, "adapter_config.json"), Path.Combine(folder, "adapter_config.json"), overwrite: true);
        TinyTensor.Write(Path.Combine(folder, "adapter_model.safetensors"),
            [.. Shard.Read(Path.Combine(golden.AdapterFolder, "adapter_model.safetensors")).Tensors.Select(tensor => TinyTensor.Of(
                tensor.Name, DType.F32, [.. tensor.Shape],
                [.. TensorTable.Values(tensor).Select(value => type == GgufType.F16 ? (double)(Half)value : (float)value)]))]);
        return folder;
    }

    /// <summary>Writes a PEFT adapter of a Llama as convert_lora_to_gguf.py does.</summary>
    private static void Convert(
        string peft, string file, GgufType type, GoldenCase golden, Action<GgufMetadata>? change = null, string? without = null,
        Func<string, string>? rename = null)
    {
        JsonObject model = JsonNode.Parse(File.ReadAllText(Path.Combine(golden.BaseFolder, "config.json")))!.AsObject();
        (string Module, string Target, long Heads)[] names =
        [
            ("self_attn.q_proj", "attn_q", model["num_attention_heads"]!.GetValue<long>()),
            ("self_attn.k_proj", "attn_k", model["num_key_value_heads"]!.GetValue<long>()),
            ("self_attn.v_proj", "attn_v", 0), ("self_attn.o_proj", "attn_output", 0),
            ("mlp.gate_proj", "ffn_gate", 0), ("mlp.up_proj", "ffn_up", 0), ("mlp.down_proj", "ffn_down", 0),
        ];
        var tensors = new List<(string Name, ImmutableArray<long> Shape, float[] Values)>();
        foreach (StoredTensor tensor in Shard.Read(Path.Combine(peft, "adapter_model.safetensors")).Tensors)
        {
            string[] parts = tensor.Name.Split('.'); // base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight
            (string _, string target, long heads) = names.Single(name => tensor.Name.Contains(name.Module, StringComparison.Ordinal));
            float[] values = [.. TensorTable.Values(tensor).Select(value => (float)value)];
            bool isB = parts[^2] == "lora_B";
            string name = $"blk.{parts[4]}.{target}.weight.{(isB ? "lora_b" : "lora_a")}";
            tensors.Add((rename?.Invoke(name) ?? name, tensor.Shape, isB && heads > 0 ? InPairs(values, tensor.Shape[0], heads) : values));
        }
        GgufMetadata metadata = MetadataOf(golden);
        change?.Invoke(metadata);
        var kept = new GgufMetadata();
        foreach ((string key, GgufValue value) in metadata.Where(pair => pair.Key != without))
            kept.Add(key, value);
        Write(file, kept, type, tensors);
    }

    private static GgufMetadata MetadataOf(GoldenCase golden) => new()
    {
        { "general.architecture", "llama" }, { "general.type", "adapter" }, { "adapter.type", "lora" },
        { "adapter.lora.alpha", ConfigOf(golden)["lora_alpha"]!.GetValue<float>() },
    };

    private static void Write(
        string file, GgufMetadata metadata, GgufType type, IReadOnlyCollection<(string Name, ImmutableArray<long> Shape, float[] Values)> tensors)
    {
        var layout = GgufFileLayout.Create(metadata, tensors.Select(tensor => (tensor.Name, type, tensor.Shape)));
        using GgufWriter writer = GgufWriter.Create(file, layout);
        foreach ((GgufTensor placed, float[] values) in layout.Tensors.Zip(tensors, (placed, tensor) => (placed, tensor.Values)))
        {
            byte[] bytes = new byte[placed.ByteLength];
            Assert.True(BlockCodecs.TryFind(type, out BlockCodec? codec));
            codec.Quantise!(values, bytes);
            writer.Write(placed, 0, bytes);
        }
        writer.Commit();
    }

    /// <summary>weights.reshape(heads, 2, rows / heads / 2, rank).swapaxes(1, 2), as the converter's <c>permute</c> has it.</summary>
    private static float[] InPairs(float[] values, long rows, long heads)
    {
        long rank = values.Length / rows, half = rows / heads / 2;
        float[] paired = new float[values.Length];
        for (long row = 0; row < rows; row++)
        {
            long head = row / (2 * half), place = row % (2 * half);
            long to = (head * 2 * half) + (place % half * 2) + (place / half);
            Array.Copy(values, row * rank, paired, to * rank, rank);
        }
        return paired;
    }
}
