using System.Text.RegularExpressions;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Adapters;

/// <summary>Keys that are plain names are looked up instead of being tried one after another, with the same hits.</summary>
public sealed class ModulePatternSetTests
{
    [Theory]
    [InlineData(PatternForm.Bracketed)]
    [InlineData(PatternForm.Unbracketed)]
    internal void Names_match_what_their_expressions_match(PatternForm form)
    {
        const string letters = "ab.._\n";
        var random = new Random(11);
        string[] keys = [.. Enumerable.Range(0, 400).Select(_ => Text(random.Next(0, 5))).Distinct()];
        ModulePatternSet<int> patterns = [.. keys.Select((key, i) => ModulePattern.Create(key, i))];
        int hits = 0;

        foreach (string module in Enumerable.Range(0, 400).Select(_ => Text(random.Next(0, 9))))
        {
            int[] expected = [.. keys.Index().Where(key => Regex.IsMatch(module, ModulePattern.Expression(key.Item, form), RegexOptions.CultureInvariant))
                .Select(key => key.Index)];
            Assert.Equal(expected, patterns.Matching(module, form).Select(pattern => pattern.Value));
            hits += expected.Length;
        }

        Assert.True(hits > 300, $"{hits} hits");
        string Text(int length) => new([.. Enumerable.Range(0, length).Select(_ => letters[random.Next(letters.Length)])]);
    }

    [Fact]
    public void Names_and_expressions_match_in_the_order_of_the_file()
    {
        ModulePatternSet<int> patterns = [ModulePattern.Create("q_proj", 3), ModulePattern.Create(@"layers\.\d\..*", 1), ModulePattern.Create("0.q_proj", 2),
            ModulePattern.Create("v_proj", 4)];

        Assert.Equal([3, 1, 2], patterns.Matching("model.layers.0.q_proj", PatternForm.Bracketed).Select(pattern => pattern.Value));
    }

    [Theory]
    [InlineData("q_proj")]
    [InlineData("(q|k)_proj")]
    public void All_matching_together_has_a_limit_of_time(string key)
    {
        var patterns = new ModulePatternSet<int>([ModulePattern.Create(key, 1)], TimeSpan.Zero);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => patterns.Matching("model.layers.0.q_proj", PatternForm.Bracketed));

        Assert.Equal(DiagnosticCode.AdapterPatternInvalid, fault.Code);
        Assert.Contains("more than 0 seconds", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_thousand_names_are_not_tried_one_by_one()
    {
        ModulePatternSet<int> patterns = [.. Enumerable.Range(0, 100_000)
            .Select(i => ModulePattern.Create($"layers.{i / 1000}.experts.{i % 1000}.up_proj", i))];
        patterns.Matching("model.layers.7.experts.13.up_proj", PatternForm.Bracketed);
        long before = GC.GetAllocatedBytesForCurrentThread();

        int[] found = [.. patterns.Matching("model.layers.7.experts.13.up_proj", PatternForm.Bracketed).Select(pattern => pattern.Value)];

        Assert.Equal([7013], found);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 20_000, "as many as groups of keys are looked at, not as keys");
    }
}
