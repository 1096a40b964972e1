using System.Text.Json.Nodes;
using System.Xml.Linq;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>What Visual Studio is told about items and properties.</summary>
public sealed class VisualStudioTests
{
    private static readonly XNamespace s_rules = "http://schemas.microsoft.com/build/2009/properties";

    [Fact]
    public async Task Build_actions_and_property_pages_are_in_the_package()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();

        BuildResult evaluated = await project.DotnetAsync(["build", "--no-restore", "-getItem:AvailableItemName", "-getItem:PropertyPageSchema"]);

        JsonNode items = JsonNode.Parse(evaluated.Output)!["Items"]!;
        string[] actions = [.. items["AvailableItemName"]!.AsArray().Select(item => item!["Identity"]!.GetValue<string>())];
        Assert.Equal(
            ["LoraAdapter", "LoraBaseModel"],
            actions.Where(action => action.StartsWith("Lora", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
        string[] pages =
        [
            .. items["PropertyPageSchema"]!
                .AsArray()
                .Select(item => item!["FullPath"]!.GetValue<string>())
                .Where(path => path.Contains("loramerge.build", StringComparison.OrdinalIgnoreCase)),
        ];
        Assert.Equal(["LoraMergeProject", "LoraBaseModel", "LoraAdapter"], pages.Select(page => XDocument.Load(page).Root!.Attribute("Name")!.Value));
    }

    [Theory]
    [InlineData("LoraBaseModel")]
    [InlineData("LoraAdapter")]
    public void A_page_of_an_item_has_the_metadata_that_can_be_merged(string item)
    {
        IEnumerable<string> shown = NamesIn($"build/rules/{item}.xaml");

        Assert.Equal(RequestedMetadata.Of(item).Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_of_a_project_has_the_properties_of_the_readme()
    {
        string[] described =
        [
            .. File.ReadAllLines(Path.Combine(Repository.Root, "README.md"))
                .Where(line => line.StartsWith("| `LoraMerge", StringComparison.Ordinal))
                .Select(line => line.Split('`')[1]),
        ];

        Assert.Equal(described.Order(StringComparer.Ordinal), NamesIn("build/rules/LoraMerge.Project.xaml").Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> NamesIn(string page) =>
        XDocument.Load(Path.Combine(Repository.Root, page)).Root!.Elements()
            .Where(element => element.Name.Namespace == s_rules && element.Name.LocalName.EndsWith("Property", StringComparison.Ordinal))
            .Select(element => element.Attribute("Name")!.Value);
}
