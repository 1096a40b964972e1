using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tests.Golden;

namespace LoraMerge.Gguf.Tests.Readers;

/// <summary>llama.cpp itself, as an app links it, opens the files and computes with them.</summary>
public sealed class LLamaSharpTests
{
    private static readonly int[] Prompt = [30, 41, 7, 99, 250, 12, 5, 61];

    public static TheoryData<string, string> Models =>
        [.. GoldenCase.All.Where(golden => GoldenCase.ExpectationOf(golden.Archive, golden.Name) != "error").Select(
            golden => new TheoryDataRow<string, string>(golden.Archive, golden.Name))];

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_model_opens_and_gives_logits(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        string type = golden.Types.Last();

        using var model = new LLamaModel(Write(golden, merge, type));
        float[] logits = model.Logits(Prompt);

        Assert.Equal(model.TokenCount, logits.Length);
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.True(logits.Distinct().Count() > logits.Length / 2);
    }

    /// <summary>Permuted heads, rope factors, biases, tied and untied heads: each of them left out is seen here.</summary>
    [Theory]
    [InlineData("llama.zip", "llama-plain")]
    [InlineData("llama.zip", "llama-tied-rope3")]
    [InlineData("llama.zip", "llama-head-dim")]
    [InlineData("llama.zip", "mistral-tekken")]
    [InlineData("llama.zip", "tied-head-parted")]
    [InlineData("qwen.zip", "qwen2")]
    [InlineData("qwen.zip", "qwen3")]
    [InlineData("templates.zip", "added-tokens-tied")]
    [InlineData("wide.zip", "llama-wide")]
    public void Logits_are_those_of_the_formulas_over_the_merged_weights(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        GgufSource source = merge.Source;
        JsonNode config = JsonNode.Parse(source.Config.GetRawText())!;
        bool isTied = config["tie_word_embeddings"]!.GetValue<bool>();
        var tensors = source.Tensors.Select(tensor => tensor.Name).Where(tensor => !isTied || tensor != "lm_head.weight").ToHashSet(StringComparer.Ordinal);
        double[] expected = new PlainDecoder(config, merge, tensors.Contains).Logits(Prompt);
        double largest = expected.Max(Math.Abs);

        // Shares of the largest logit. llama.cpp rounds what goes into a product to the type of the weights, too; measured were up to 1.1e-6, 2.2e-3,
        // 2.4e-2 and 3.9e-2.
        foreach ((string type, double tolerance) in ((string, double)[])[("F32", 5e-6), ("F16", 6e-3), ("BF16", 6e-2), ("Q8_0", 8e-2)])
        {
            using var model = new LLamaModel(Write(golden, merge, type));
            float[] logits = model.Logits(Prompt);

            Assert.Equal(expected.Length, logits.Length);
            double error = logits.Zip(expected, (found, wanted) => Math.Abs(found - wanted)).Max() / largest;
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type}: {error:g3}"));
            Assert.InRange(error, 0, tolerance);
        }
    }

    private static string Write(GoldenCase golden, ExactMerge merge, string type) =>
        GgufModelWriter.Write(GgufLayoutBuilder.Build(merge.Source, type), golden.OutputFolder, type, null, new TensorAssembler(merge.Read, threads: 1))[0];
}
