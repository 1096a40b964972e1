using System.Text.RegularExpressions;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The help link of every error and warning of the build leads to a heading.</summary>
public sealed partial class DiagnosticsPageTests
{
    private static readonly string s_page = ReadText("docs/diagnostics.md");

    public static TheoryData<string> Codes =>
        [
            .. Code.Matches(ReadText("src/LoraMerge.Build/BuildErrors.cs") + ReadText("build/LoraMerge.Build.targets"))
                .Select(match => match.Value)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_code_of_the_build_has_its_heading_with_a_title_cause_remedy_and_example(string code)
    {
        string[] sections = [.. Section.Split(s_page).Where(section => section.StartsWith($"## {code}\n", StringComparison.Ordinal))];

        string section = Assert.Single(sections);
        Assert.Matches(@"\A## LORA\d{4}\n\n\*\*[^*\n]+\.\*\*\n", section);
        Assert.Contains("\nCause: ", section, StringComparison.Ordinal);
        Assert.Contains("\nRemedy: ", section, StringComparison.Ordinal);
        Assert.Matches($"(?s)\n```text\n.*: (error|warning) {code}: .*\n```", section);
    }

    private static string ReadText(string relativePath) => File.ReadAllText(Path.Combine(Repository.Root, relativePath)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"LORA\d{4}")]
    private static partial Regex Code { get; }

    [GeneratedRegex(@"(?m)(?=^##? )")]
    private static partial Regex Section { get; }
}
