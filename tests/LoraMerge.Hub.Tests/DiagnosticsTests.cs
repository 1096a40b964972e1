using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Hub.Faults;
using LoraMerge.Tests;

namespace LoraMerge.Hub.Tests;

/// <summary>Every code of the hub has its heading in docs/diagnostics.md, and is used.</summary>
public sealed partial class DiagnosticsTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "diagnostics.md"));

    private static readonly string s_makers = string.Concat(((string[])["HubErrors.cs", "LockErrors.cs"])
        .Select(file => File.ReadAllText(Path.Combine(Repository.Root, "src", "LoraMerge.Hub", "Faults", file))));

    public static TheoryData<HubCode> Codes => [.. Enum.GetValues<HubCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_code_is_used_and_has_its_heading_with_a_title_cause_remedy_and_example(HubCode code)
    {
        string heading = string.Create(CultureInfo.InvariantCulture, $"LORA{(int)code:D4}");
        string section = Assert.Single(Section.Split(s_page), section => section.StartsWith($"## {heading}\n", StringComparison.Ordinal));

        Assert.Matches(@"\A## LORA\d{4}\n\n\*\*[^*\n]+\.\*\*\n", section);
        Assert.Contains("\nCause: ", section, StringComparison.Ordinal);
        Assert.Contains("\nRemedy: ", section, StringComparison.Ordinal);
        Assert.Matches($"(?s)\n```text\n.*: (error|warning) {heading}: .*\n```", section);
        Assert.Contains($"HubCode.{code},", s_makers, StringComparison.Ordinal);
    }

    [Fact]
    public void No_heading_is_left_over_from_a_code_that_is_gone() =>
        Assert.All(Heading.Matches(s_page).Select(heading => int.Parse(heading.Groups["code"].Value, CultureInfo.InvariantCulture)),
            code => Assert.True(Enum.IsDefined((HubCode)code) || Enum.IsDefined((LoraMerge.Diagnostics.DiagnosticCode)code))); // pins are the engine's

    [Fact]
    public void Faults_are_made_only_in_the_table() => Assert.DoesNotContain(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith("HubErrors.cs", StringComparison.Ordinal)),
        file => File.ReadAllText(file).Contains("new HubException(", StringComparison.Ordinal));

    [GeneratedRegex(@"(?m)(?=^##? )")]
    private static partial Regex Section { get; }

    [GeneratedRegex(@"(?m)^## LORA(?<code>70[0-4]\d)$")]
    private static partial Regex Heading { get; }
}
