using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Architecture;

/// <summary>Every code is made in one place, is used, and has its heading in docs/diagnostics.md.</summary>
public sealed partial class DiagnosticsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "diagnostics.md"));

    public static TheoryData<DiagnosticCode> Codes => [.. Enum.GetValues<DiagnosticCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_code_has_its_heading_with_a_title_cause_remedy_and_example(DiagnosticCode code)
    {
        string heading = string.Create(CultureInfo.InvariantCulture, $"LORA{(int)code:D4}");
        string[] sections = [.. Section.Split(Page).Where(section => section.StartsWith("## " + heading + "\n", StringComparison.Ordinal))];

        string section = Assert.Single(sections);
        Assert.Matches(@"\A## LORA\d{4}\n\n\*\*[^*\n]+\.\*\*\n", section);
        Assert.Contains("\nCause: ", section, StringComparison.Ordinal);
        Assert.Contains("\nRemedy: ", section, StringComparison.Ordinal);
        Assert.Matches($"(?s)\n```text\n.*: (error|warning) {heading}: .*\n```", section);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_code_is_used(DiagnosticCode code)
    {
        IEnumerable<string> makers = Makers("*Errors*.cs").Concat(Makers("*Notes.cs"));

        Assert.Contains(makers, file => Regex.IsMatch(File.ReadAllText(file), $@"\bDiagnosticCode\.{code}\b"));
    }

    [Fact]
    public void No_heading_is_left_over_from_a_code_that_is_gone()
    {
        var known = Enum.GetValues<DiagnosticCode>().Select(code => (int)code).ToHashSet();
        IEnumerable<int> headings = Heading.Matches(Page).Select(match => int.Parse(match.Groups["code"].Value, CultureInfo.InvariantCulture));

        // LORA1001 to LORA1099, LORA1171 to LORA1173, LORA6001 to LORA6049 and LORA6060 to LORA6064 are the build task's, those from LORA7001 on the hub's.
        Assert.All(headings.Where(code => code is not ((>= 1001 and <= 1099) or (>= 1171 and <= 1173) or (>= 6001 and <= 6049) or (>= 6060 and <= 6064)
            or >= 7001)), code =>
            Assert.Contains(code, known));
    }

    [Theory]
    [InlineData(1106)]
    [InlineData(2010)]
    [InlineData(3011)]
    public void A_code_that_is_gone_is_not_used_again(int code) => Assert.False(Enum.IsDefined((DiagnosticCode)code));

    [Fact]
    public void Headings_stand_in_ascending_order_once_each()
    {
        int[] headings = [.. Heading.Matches(Page).Select(match => int.Parse(match.Groups["code"].Value, CultureInfo.InvariantCulture))];

        Assert.Equal(headings.Order().Distinct(), headings);
    }

    [Fact]
    public void Faults_of_the_user_are_made_only_in_the_table_and_in_those_of_kinds()
    {
        IEnumerable<string> files = Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Except(Makers("*Errors*.cs"));

        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains("new LoraMergeException(", StringComparison.Ordinal));
    }

    /// <summary>The tables of the engine: one for all, and those of single kinds.</summary>
    private static IEnumerable<string> Makers(string pattern) => ((string[])["Diagnostics", "Kinds", "Quantized"])
        .SelectMany(room => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "LoraMerge", room), pattern, SearchOption.AllDirectories));

    [GeneratedRegex(@"(?m)(?=^##? )")]
    private static partial Regex Section { get; }

    [GeneratedRegex(@"(?m)^## LORA(?<code>\d{4})$")]
    private static partial Regex Heading { get; }
}
