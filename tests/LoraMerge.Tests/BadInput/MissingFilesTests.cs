using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.BadInput;

/// <summary>What a merged model will lack, or a merge will take, is said before anyone misses it.</summary>
public sealed class MissingFilesTests
{
    [Fact]
    public void A_whole_model_is_merged_without_a_warning()
    {
        using var bench = new Workbench();

        Assert.Empty(Warnings(bench.Request()));
        bench.Passed();
    }

    [Fact]
    public void A_base_without_a_config_is_warned_of()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().WithoutFile("config.json"), TinyAdapter.Lora().Module("model.layers.0.mlp.up_proj", 6, 4));

        MergeEvent.Warning warning = Assert.Single(Warnings(bench.Request()));

        Assert.Equal((DiagnosticCode.ConfigMissing, bench.Base), (warning.Code, warning.File));
        bench.Passed();
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    [InlineData("tokenizer_config.json")] // all that a model of bytes has
    [InlineData("vocab.txt")]
    [InlineData("spiece.model")]
    [InlineData("qwen.tiktoken")]
    public void Any_tokenizer_will_do_and_none_is_warned_of(string tokenizer)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().WithoutFile("tokenizer.json"), TinyAdapter.ForLlama());
        MergeEvent.Warning[] without = Warnings(bench.Request());
        File.WriteAllText(bench.InBase(tokenizer), "{}");

        Assert.Equal((DiagnosticCode.NoTokenizer, bench.Base), (Assert.Single(without).Code, without[0].File));
        Assert.Empty(Warnings(bench.Request()));
        bench.Passed();
    }

    [Fact]
    public void A_tokenizer_that_the_adapter_brings_is_one()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().WithoutFile("tokenizer.json"), TinyAdapter.ForLlama());
        File.WriteAllText(bench.InAdapter("tokenizer.json"), "{}");

        Assert.Empty(Warnings(bench.Request()));
        bench.Passed();
    }

    [Fact]
    public void A_model_without_a_vocabulary_needs_no_tokenizer()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().WithoutFile("tokenizer.json").File("config.json", """{ "model_type": "vit" }"""),
            TinyAdapter.ForLlama()
        );

        Assert.Empty(Warnings(bench.Request()));
        bench.Passed();
    }

    [Fact]
    public void Weights_that_are_named_alone_lose_the_files_beside_them_with_a_warning()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora().Module("model.layers.0.mlp.up_proj", 6, 4));
        bench.Base = bench.InBase("model.safetensors");
        MergeEvent.Warning warning = Assert.Single(Warnings(bench.Request()));
        File.Delete(Path.Combine(Path.GetDirectoryName(bench.Base)!, "config.json"));

        Assert.Equal(DiagnosticCode.OnlyWeightsNamed, warning.Code);
        Assert.Empty(Warnings(bench.Request()));
        bench.Passed();
    }

    [Theory]
    [InlineData(100_000_000, 1)]
    [InlineData(2_000_000_000, 0)]
    public void A_limit_below_what_a_merge_holds_is_warned_of(long limit, int warnings)
    {
        using var bench = new Workbench();

        MergeEvent.Warning[] said = Warnings(bench.Request() with { MaxMemory = limit });

        Assert.Equal(
            warnings,
            said.Count(warning => warning.Code == DiagnosticCode.MemoryLimitTooLow && warning.Text.Contains("limit is 100 MB", StringComparison.Ordinal))
        );
        Assert.Equal(warnings, said.Length);
        bench.Passed();
    }

    private static MergeEvent.Warning[] Warnings(MergeRequest request)
    {
        var events = new List<MergeEvent>();
        new Merger(events.Add).Plan(request);
        return [.. events.OfType<MergeEvent.Warning>()];
    }
}
