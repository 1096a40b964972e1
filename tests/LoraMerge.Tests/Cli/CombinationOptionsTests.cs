using System.CommandLine;
using LoraMerge.Cli;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Cli;

public sealed class CombinationOptionsTests
{
    [Fact]
    public void Adapters_are_merged_one_after_another_unless_asked_otherwise()
    {
        Combination combination = Read();

        Assert.Equal(Combination.Sequential, combination);
    }

    [Fact]
    public void Every_option_arrives_in_the_request()
    {
        Combination combination = Read("--combine", "dare_ties_svd", "--density", ".50", "--majority-sign", "frequency", "--svd-rank", "16");

        Assert.Equal(
            new Combination(CombinationWay.DareTiesSvd) { Density = new Density(0.5, ".50"), MajoritySign = MajoritySign.Frequency, SvdRank = 16 },
            combination);
    }

    [Theory]
    [InlineData("--combine", "average")]
    [InlineData("--combine", "lineal")]
    [InlineData("--density", "half")]
    [InlineData("--majority-sign", "mean")]
    [InlineData("--svd-rank", "0")]
    [InlineData("--svd-rank", "-2")]
    [InlineData("--svd-rank", "08")]
    [InlineData("--svd-rank", "2.5")]
    public void A_wrong_value_is_named(string option, string value)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Read(option, value));

        Assert.Equal(DiagnosticCode.ArgumentInvalid, fault.Code);
        Assert.Contains($"{option} is '{value}'", fault.Message, StringComparison.Ordinal);
    }

    private static Combination Read(params string[] arguments)
    {
        var options = new MergeOptions();
        var command = new Command("merge");
        options.AddTo(command);
        return options.Read(command.Parse(["--base", "base", "--adapter", "adapter", .. arguments])).Combination;
    }
}
