using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Beside;

/// <summary>Indexes that name too much or too little, and what lies beside a base's weights.</summary>
public sealed class BesideBaseTests
{
    private const string Index = "model.safetensors.index.json";

    [Theory]
    [InlineData("model.layers.0.self_attn.rotary_emb.inv_freq")]
    [InlineData("transformer.h.0.attn.masked_bias")]
    public async Task An_index_may_name_buffers_that_no_file_holds(string buffer)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        ChangeIndex(bench, map => map[buffer] = "model-00001-of-00002.safetensors");

        await Merged.Of(bench);

        AssertExact(bench.OutputPath);
        bench.Passed();
    }

    [Theory]
    [InlineData("llama", "true")]
    [InlineData("gemma2", null)]
    public async Task An_index_may_name_a_tied_head_that_no_file_holds(string family, string? tie)
    {
        using var bench = new Workbench(Headless(family, tie), TinyAdapter.ForLlama());
        ChangeIndex(bench, map => map["lm_head.weight"] = "model-00002-of-00002.safetensors");

        await Merged.Of(bench);

        AssertExact(bench.OutputPath);
        bench.Passed();
    }

    [Theory]
    [InlineData("llama", "false")]
    [InlineData("llama", null)]
    public async Task A_head_of_its_own_has_to_be_there(string family, string? tie)
    {
        using var bench = new Workbench(Headless(family, tie), TinyAdapter.ForLlama());
        ChangeIndex(bench, map => map["lm_head.weight"] = "model-00002-of-00002.safetensors");

        await bench.AssertRefusedAsync(DiagnosticCode.IndexDisagreesWithShard, "lm_head.weight");
        bench.Passed();
    }

    [Fact]
    public async Task Tensors_that_an_index_does_not_name_are_kept_and_named()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled("model.norm.running", DType.F32, 4).InShards(2), TinyAdapter.ForLlama());
        ChangeIndex(bench, map => map.Remove("model.norm.running"));

        await Merged.Of(bench);

        AssertExact(bench.OutputPath);
        Assert.True(BaseModels.Open(bench.OutputPath).TryFind("model.norm.running", out _));
        bench.Passed();
    }

    [Fact]
    public async Task Weights_outside_of_the_index_are_said_and_second_copies_are_not()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        TinyTensor.Write(bench.InBase("model-mtp-of-00005.safetensors"), [TinyTensor.Filled("mtp.layers.0.weight", DType.F32, 2)]);
        TinyTensor.Write(bench.InBase("model-old.safetensors"), [TinyTensor.Filled("lm_head.weight", DType.F32, 2)]);
        File.WriteAllText(bench.InBase("model-broken.safetensors"), "x");

        Merged merged = await Merged.Of(bench);

        string[] warnings = [.. merged.Said.Split('\n').Where(line => line.Contains("LORA2091", StringComparison.Ordinal))];
        Assert.Equal(2, warnings.Length);
        Assert.Contains("'model-broken.safetensors' cannot be read", warnings[0], StringComparison.Ordinal);
        Assert.Contains("'model-mtp-of-00005.safetensors' holds tensors such as 'mtp.layers.0.weight'", warnings[1], StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_of_the_base_is_a_warning_unless_it_is_merged()
    {
        using var bench = new Workbench();
        TinyAdapter.Lora().Module("model.layers.1.self_attn.q_proj", 4, 4).WriteTo(bench.Base);

        Merged alone = await Merged.Of(bench);
        CommandLineRun both = await bench.RunAsync("--adapter", bench.Base);

        Assert.Contains("warning LORA2090", alone.Said, StringComparison.Ordinal);
        Assert.Equal((0, ""), (both.ExitCode, both.Error));
        Assert.Contains("3 of", both.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Tokenizers_below_original_are_kept_and_weights_are_not()
    {
        TinyCheckpoint checkpoint = TinyCheckpoint
            .Llama()
            .File("original/tokenizer.model", "t")
            .File("original/tekken.json", "k")
            .File("original/qwen.tiktoken", "q")
            .File("original/consolidated.00.pth", "w")
            .File("original/params.json", "{}");
        using var bench = new Workbench(checkpoint, TinyAdapter.ForLlama());

        await Merged.Of(bench);

        Assert.Equal(["qwen.tiktoken", "tekken.json", "tokenizer.model"],
            Directory.GetFiles(Path.Combine(bench.OutputPath, "original")).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        bench.Passed();
    }

    private static TinyCheckpoint Headless(string family, string? tie) =>
        TinyCheckpoint
            .Llama()
            .Without("lm_head.weight")
            .InShards(2)
            .File(
                "config.json",
                $$"""{ "model_type": "{{family}}", "vocab_size": 8, "hidden_size": 4{{(tie is null ? "" : $", \"tie_word_embeddings\": {tie}")}} }"""
            );

    private static void ChangeIndex(Workbench bench, Action<JsonObject> change)
    {
        JsonObject index = JsonNode.Parse(File.ReadAllText(bench.InBase(Index)))!.AsObject();
        change(index["weight_map"]!.AsObject());
        File.WriteAllText(bench.InBase(Index), index.ToJsonString());
    }

    private static void AssertExact(string folder)
    {
        Checkpoint merged = BaseModels.Open(folder);
        IEnumerable<string> named = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, Index)))!["weight_map"]!.AsObject().Select(pair => pair.Key);
        Assert.Equal(merged.TensorNames.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }
}
