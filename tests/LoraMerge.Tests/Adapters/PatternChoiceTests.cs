using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Kinds.Lora;

namespace LoraMerge.Tests.Adapters;

/// <summary>Rank and alpha of a module are those of the release that trained it, as far as file and tensors tell.</summary>
public sealed class PatternChoiceTests
{
    private const string Undated =
        """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "rank_pattern": {"q_proj": 2}, "alpha_pattern": {"layers.0.q_proj": 32}}""";

    [Theory]
    [InlineData("0.13.2", 8)]
    [InlineData("0.14.0", 32)]
    [InlineData("0.20.0", 32)]
    public void Release_that_is_asked_for_decides_without_a_warning(string release, double alpha)
    {
        var notes = new List<MergeEvent>();

        RankAndAlpha chosen = Choose(Read(Undated, AdapterOrigin.Asked("PEFT", release, "a")), [("model.layers.0.q_proj", 2)], "a", notes);

        Assert.Equal(alpha / 2, chosen.AlphasOf("model.layers.0.q_proj", 2).First() / 2);
        Assert.Empty(notes);
    }

    [Fact]
    public void File_that_does_not_tell_is_a_warning_that_names_both_alphas()
    {
        var notes = new List<MergeEvent>();

        RankAndAlpha chosen = Choose(Read(Undated), [("model.layers.0.q_proj", 2)], "a", notes);

        Assert.Equal(16, chosen.AlphasOf("model.layers.0.q_proj", 2).First() / 2);
        MergeEvent.Warning warning = Assert.IsType<MergeEvent.Warning>(Assert.Single(notes));
        Assert.Equal(DiagnosticCode.AlphaAmbiguous, warning.Code);
        Assert.Contains("alpha 32", warning.Text, StringComparison.Ordinal);
        Assert.Contains("but 8", warning.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_of_the_tensors_rule_releases_out()
    {
        // Before 0.15 such a key matched nothing, so that lm_head had rank 4.
        const string config = """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "rank_pattern": {"^lm_head": 2}, "alpha_pattern": {"^lm_head": 32}}""";
        var notes = new List<MergeEvent>();

        RankAndAlpha chosen = Choose(Read(config), [("lm_head", 2)], "a", notes);

        Assert.Equal(16, chosen.AlphasOf("lm_head", 2).First() / 2);
        Assert.Empty(notes);
    }

    [Fact]
    public void Rank_of_the_tensor_chooses_among_keys_that_overlap()
    {
        const string config =
            """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "peft_version": "0.18.0", "rank_pattern": {"layers.0.q_proj": 2, "q_proj": 6}}""";

        RankAndAlpha chosen = Choose(Read(config), [("model.layers.0.q_proj", 6)], "a", new List<MergeEvent>());

        Assert.Equal(8.0 / 6, chosen.AlphasOf("model.layers.0.q_proj", 6).First() / 6);
    }

    [Fact]
    public void Order_of_alphas_that_overlap_is_a_warning()
    {
        const string config =
            """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "peft_version": "0.18.0", "alpha_pattern": {"layers.0.q_proj": 2, "q_proj": 6}}""";
        var notes = new List<MergeEvent>();

        Choose(Read(config), [("model.layers.0.q_proj", 4)], "a", notes);

        Assert.Equal(DiagnosticCode.PatternOrderAmbiguous, Assert.IsType<MergeEvent.Warning>(Assert.Single(notes)).Code);
    }

    [Fact]
    public void Key_that_takes_too_long_to_match_is_an_error()
    {
        const string config = """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "alpha_pattern": {"(a+)+b": 2}}""";
        string module = new('a', 100);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Choose(Read(config), [(module, 4)], "a", new List<MergeEvent>()));

        Assert.Equal(DiagnosticCode.AdapterPatternInvalid, fault.Code);
    }

    private static RankAndAlpha Choose(
        (RankAndAlpha Ranks, AdapterOrigin Origin) read,
        IReadOnlyList<(string Module, int Rank)> modules,
        string adapter,
        ICollection<MergeEvent> notes
    ) => PatternChoice.Choose(read.Ranks, read.Origin, modules, adapter, notes);

    private static (RankAndAlpha Ranks, AdapterOrigin Origin) Read(string config, AdapterOrigin? origin = null)
    {
        var fields = new ConfigFields("adapter_config.json", JsonNode.Parse(config)!.AsObject());
        AdapterOrigin dated = origin ?? PeftHistory.Date(fields, new LoraKind());
        return (((LoraConfig)new LoraKind().ReadConfig(fields, new AdapterConfig(dated))).Ranks, dated);
    }
}
