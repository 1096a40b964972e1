using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Tests.Readers;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.Formats;

/// <summary>An adapter alone as a GGUF file, put upon its base by llama.cpp: the same model as the merge.</summary>
public sealed class GgufAdapterTests
{
    private static readonly int[] Prompt = [30, 41, 7, 99, 250, 12, 5, 61];

    /// <summary>Heads that are put in pairs, weights that are turned round, one tensor of several, an untied head.</summary>
    [Theory]
    [InlineData("llama.zip", "llama-plain")]
    [InlineData("llama.zip", "llama-head-dim")]
    [InlineData("llama.zip", "mistral-tekken")]
    [InlineData("qwen.zip", "qwen2")]
    [InlineData("qwen.zip", "qwen3")]
    [InlineData("gemma.zip", "gemma2")]
    [InlineData("phi.zip", "phi3")]
    [InlineData("more.zip", "gpt2")]
    [InlineData("llama.zip", "mixtral")]
    public async Task A_base_with_the_adapter_computes_what_the_merged_model_does(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        await CompareAsync(golden);
    }

    /// <summary>Heads in another order by rows and by columns, parts of a matrix that holds several, one tensor for two.</summary>
    [Theory]
    [InlineData("qwen3.5", "model.language_model.layers.0.linear_attn.in_proj_qkv", 80, 64)]
    [InlineData("qwen3.5", "model.language_model.layers.1.linear_attn.in_proj_b", 6, 64)]
    [InlineData("qwen3.5", "model.language_model.layers.1.linear_attn.out_proj", 64, 48)]
    [InlineData("qwen3-next", "model.layers.0.linear_attn.in_proj_qkvz", 96, 64)]
    [InlineData("deepseek-v2-lite", "model.layers.1.self_attn.o_proj", 32, 16)]
    [InlineData("gemma-4-small", "model.language_model.layers.1.self_attn.q_proj", 128, 64)]
    [InlineData("granite-4-hybrid", "model.layers.0.mamba.in_proj", 280, 64)]
    [InlineData("granite-4-hybrid", "model.layers.0.shared_mlp.input_linear", 96, 64)]
    public async Task Modules_of_further_families_are_told_apart(string name, string module, long outFeatures, long inFeatures)
    {
        using GoldenCase golden = GoldenCase.Open("converter.zip", name);
        TinyAdapter.Lora().Module(module, outFeatures, inFeatures).Config("target_modules", new JsonArray(module[(module.LastIndexOf('.') + 1)..]))
            .WriteTo(golden.AdapterFolder);

        await CompareAsync(golden);
    }

    /// <summary>llama.cpp opens such a file, and computes as if it were not there.</summary>
    [Theory]
    [InlineData("deepseek-v2-lite", "model.layers.1.self_attn.q_proj", 32, 32)]
    [InlineData("deepseek-v2-lite", "model.layers.1.self_attn.kv_a_proj_with_mqa", 24, 32)]
    [InlineData("gemma-3n", "model.language_model.layers.1.altup.modality_router", 4, 16)]
    public async Task What_readers_compute_without_adapters_is_refused(string name, string module, long outFeatures, long inFeatures)
    {
        using GoldenCase golden = GoldenCase.Open("converter.zip", name);
        TinyAdapter.Lora().Module(module, outFeatures, inFeatures).Config("target_modules", new JsonArray(module[(module.LastIndexOf('.') + 1)..]))
            .WriteTo(golden.AdapterFolder);

        CommandLineRun run = await CommandLineRun.Of(["plan", .. Arguments(golden, "gguf-adapter", "1")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("LORA2076", run.Error, StringComparison.Ordinal);
        Assert.Contains("add nothing of an adapter", run.Error, StringComparison.Ordinal);
    }

    private static async Task CompareAsync(GoldenCase golden)
    {
        string merged = await MergeAsync(golden, "gguf", "merged", "0.5", "--quantization", "F32");
        string plain = await MergeAsync(golden, "gguf", "plain", "0", "--quantization", "F32");
        string adapter = await MergeAsync(golden, "gguf-adapter", "adapter", "0.5");

        using var expected = new LLamaModel(merged);
        using var model = new LLamaModel(plain);
        model.Apply(adapter);
        using var untouched = new LLamaModel(plain);
        float[] wanted = expected.Logits(Prompt), found = model.Logits(Prompt), without = untouched.Logits(Prompt);

        double largest = wanted.Max(Math.Abs), error = Largest(found, wanted) / largest, change = Largest(without, wanted) / largest;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"error {error:g3}, change {change:g3}"));
        Assert.InRange(error, 0, Math.Min(1e-4, change / 20)); // the product is added to the result here, and to the weight there
    }

    [Fact]
    public async Task The_file_holds_factors_and_says_what_it_is_of()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string path = await MergeAsync(golden, "gguf-adapter", "adapter", "2");

        using GgufModel file = GgufModel.Open(path);
        CommandLineRun verified = await CommandLineRun.Of(["verify", Path.GetDirectoryName(path)!, .. Arguments(golden, "gguf-adapter", "2")]);
        CommandLineRun inspected = await CommandLineRun.Of("inspect", path);

        Assert.True(file.Metadata.TryGetText("general.type", out string? type) && type == "adapter");
        Assert.True(file.Metadata.TryGet("adapter.lora.alpha", out GgufValue alpha));
        GgufTensor a = file.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight.lora_a");
        GgufTensor b = file.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight.lora_b");
        Assert.Equal(((long)(float)alpha.Value, (long)(float)alpha.Value), (a.Shape[0], b.Shape[1]));
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
        Assert.Contains("GGUF adapter", inspected.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("templates.zip", "added-tokens", "saved module")]
    [InlineData("llama.zip", "tied-head-parted", "tie_word_embeddings")]
    public async Task What_is_no_product_of_two_factors_is_refused_by_name(string archive, string name, string reason)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);

        CommandLineRun run = await CommandLineRun.Of(["plan", .. Arguments(golden, "gguf-adapter", "1")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("LORA2076", run.Error, StringComparison.Ordinal);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
    }

    private static double Largest(float[] one, float[] other) => one.Zip(other, (first, second) => Math.Abs((double)first - second)).Max();

    private static async Task<string> MergeAsync(GoldenCase golden, string format, string folder, string weight, params string[] further)
    {
        string output = Path.Combine(golden.OutputFolder, folder);
        CommandLineRun run = await CommandLineRun.Of(["merge", .. Arguments(golden, format, weight), "--output", output, .. further]);
        Assert.True(run.ExitCode == 0, run.Error);
        return Directory.GetFiles(output, "*.gguf").Single();
    }

    private static string[] Arguments(GoldenCase golden, string format, string weight) =>
        ["--base", golden.BaseFolder, "--adapter", $"{golden.AdapterFolder}={weight}", "--format", format, "--device", "cpu"];
}
