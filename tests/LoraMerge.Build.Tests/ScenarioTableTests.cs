using System.Reflection;
using System.Text.RegularExpressions;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The page of the build promises a test for each scenario.</summary>
public sealed partial class ScenarioTableTests
{
    /// <summary>The scenarios of the page have numbers from 1 to this one; more follow without.</summary>
    private const int NumberedScenarios = 54;

    private static readonly string[][] s_rows = ReadRows();

    [Fact]
    public void Every_scenario_has_its_row()
    {
        Assert.Equal(
            Enumerable.Range(1, NumberedScenarios),
            s_rows
                .Select(row => row[0])
                .Where(number => number.Length > 0)
                .Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture))
        );
        Assert.All(s_rows, row => Assert.NotEmpty(row[1]));
    }

    [Fact]
    public void Every_row_names_tests_that_are_there()
    {
        Assert.All(s_rows, row =>
        {
            string[] names = [.. QuotedName.Matches(row[2]).Select(match => match.Groups["name"].Value)];
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.True(IsTest(name), $"'{name}' is no test."));
        });
    }

    [Fact]
    public void Every_test_that_builds_has_a_row()
    {
        string[] named = [.. s_rows.SelectMany(row => QuotedName.Matches(row[2])).Select(match => match.Groups["name"].Value)];
        string[] others =
        [
            nameof(ScenarioTableTests),
            nameof(DiagnosticsPageTests),
            nameof(DocumentationTests),
            nameof(CommandLineTests),
            nameof(ItemCheckTests),
            nameof(OptionsFileTests),
            nameof(OptionTableTests),
            nameof(PropertyCheckTests),
            nameof(HeldModelTests),
            nameof(ModelLookupTests),
            nameof(ModelIdentifierTests),
            nameof(PublishedToolTests),
            nameof(QuotedArgumentTests),
        ];

        IEnumerable<string> tests = typeof(ScenarioTableTests).Assembly.GetTypes().Where(type => type.IsPublic && !others.Contains(type.Name))
            .SelectMany(type => type.GetMethods().Where(IsTest).Select(method => $"{type.Name}.{method.Name}"));

        Assert.Empty(tests.Except(named));
    }

    private static bool IsTest(string name)
    {
        string[] words = name.Split('.');
        return typeof(ScenarioTableTests).Assembly.GetType($"{typeof(ScenarioTableTests).Namespace}.{words[0]}")?.GetMethod(words[1]) is { } method
            && IsTest(method);
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute);

    private static string[][] ReadRows()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/msbuild.md")).ReplaceLineEndings("\n");
        string section = page[page.IndexOf("\n## Scenarios and their tests\n", StringComparison.Ordinal)..];
        return
        [
            .. section.Split('\n').Where(line => line.StartsWith('|')).Skip(2).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray()),
        ];
    }

    [GeneratedRegex("`(?<name>[A-Za-z]+\\.[A-Za-z_]+)`")]
    private static partial Regex QuotedName { get; }
}
