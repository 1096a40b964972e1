using System.Diagnostics;
using System.Globalization;
using LoraMerge.Gguf.Tests.Readers;
using SampleApp.Llama;

namespace LoraMerge.SampleApp.Tests;

/// <summary>llama.cpp over the merged GGUF file against the sample's own forward pass over the merged folder.</summary>
public sealed class GgufLogitsTests
{
    /// <param name="type">The quantization.</param>
    /// <param name="tolerance">A share of the largest logit; two to four times what was measured, which docs/precision.md has.</param>
    [Theory]
    [InlineData("F32", 1e-3)]
    [InlineData("F16", 1e-3)]
    [InlineData("BF16", 2e-3)]
    [InlineData("Q8_0", 8e-3)]
    [InlineData("Q6_K", 8e-3)]
    [InlineData("Q5_K_M", 2e-2)]
    [InlineData("Q4_K_M", 2e-2)]
    [InlineData("Q4_0", 4e-2)]
    public async Task Logits_are_near_those_of_the_sample(string type, double tolerance)
    {
        string folder = Directory.CreateTempSubdirectory("gguf-logits-").FullName;
        string sample = BuiltFiles.Of("Sample");
        using Process merge = Process.Start(new ProcessStartInfo("dotnet",
        [
            "exec", BuiltFiles.Of("Tool"), "merge", "--base", Path.Combine(sample, "models", "base"), "--adapter", Path.Combine(sample, "adapters", "pirate"),
            "--format", "gguf", "--quantization", type, "--name", "pirate", "--output", Path.Combine(folder, "pirate"), "--device", "cpu",
        ]) { RedirectStandardOutput = true })!;
        await merge.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await merge.WaitForExitAsync(TestContext.Current.CancellationToken);
        int[] tokens = ExpectedStory.Of("pirate").Tokens[..40];
        LlamaModel own = LlamaModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "pirate"));
        KeyValueCache cache = own.NewCache();
        float[] expected = [];
        foreach (int token in tokens)
            expected = own.Read(token, cache);

        using var model = new LLamaModel(Path.Combine(folder, "pirate", "pirate.gguf"), contextSize: 256);
        float[] logits = model.Logits(tokens);

        double error = logits.Zip(expected, (found, wanted) => Math.Abs((double)found - wanted)).Max() / expected.Max(Math.Abs);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type}: {error:g3}"));
        Assert.InRange(error, 0, tolerance);
        Directory.Delete(folder, recursive: true);
    }
}
