using LoraMerge.Adapters;

namespace LoraMerge.Tests.Parsing;

/// <summary>PEFT: <c>re.match(r"(.*\.)?(" + key + r")$", name)</c>, the first that matches wins.</summary>
public sealed class ModulePatternTests
{
    private const string QProj = "model.layers.0.self_attn.q_proj";

    [Theory]
    [InlineData("q_proj")]
    [InlineData("self_attn.q_proj")]
    [InlineData("0.self_attn.q_proj")]
    [InlineData(QProj)]
    [InlineData("q_proj|v_proj")]
    [InlineData(@".*\.q_proj")]
    [InlineData(@"layers\.[0-3]\..*")]
    [InlineData("layers.0.self_attn.q_proj")]
    [InlineData("layers_0_self_attn.q_proj", "model.layers_0_self_attn.q_proj")]
    [InlineData("^model.layers.0.self_attn.q_proj")]
    [InlineData(@"(?P<part>[qk])_proj")]
    [InlineData(@"(?P<digit>0).self_attn.(?P<same>q)_(?P=same)?proj")]
    [InlineData(@"q_proj\Z")]
    [InlineData("q_proj$")]
    [InlineData("q_proj", "q_proj")]
    [InlineData("layers.0", "layersX0")]
    public void It_matches_the_whole_path_or_its_end_from_a_dot_on(string pattern, string module = QProj)
    {
        Assert.Equal(1, RankOf(module, ModulePattern.Create(pattern, 1)));
    }

    [Theory]
    [InlineData("proj")]
    [InlineData("attn.q_proj")]
    [InlineData("q_pro")]
    [InlineData("Q_PROJ")]
    [InlineData("self_attn")]
    [InlineData("q_proj.")]
    [InlineData("^self_attn.q_proj")]
    [InlineData("v_proj|k_proj")]
    [InlineData("")]
    public void It_does_not_match_in_the_middle_of_a_name_or_in_other_letter_case(string pattern)
    {
        Assert.Equal(4, RankOf(QProj, ModulePattern.Create(pattern, 1)));
    }

    [Fact]
    public void The_first_that_matches_wins()
    {
        ModulePattern<int>[] patterns = [ModulePattern.Create("v_proj", 1), ModulePattern.Create(@"layers\.0\..*", 2), ModulePattern.Create("q_proj", 3)];

        Assert.Equal(2, RankOf(QProj, patterns));
        Assert.Equal(3, RankOf("model.layers.1.self_attn.q_proj", patterns));
        Assert.Equal(4, RankOf("model.layers.1.mlp.up_proj", patterns));
    }

    [Theory]
    [InlineData("q_(proj")]
    [InlineData("*q_proj")]
    [InlineData("(?P<q_proj")]
    public void What_is_no_expression_is_refused(string pattern)
    {
        Assert.ThrowsAny<ArgumentException>(() => ModulePattern.Create(pattern, 1));
    }

    private static int RankOf(string module, params ModulePattern<int>[] patterns) =>
        new RankAndAlpha(4, 8, [.. patterns], []).RankOf(module);
}
