using System.CommandLine;
using System.Xml.Linq;
using LoraMerge.Agreed.Options;
using LoraMerge.Cli;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>What is written down of options elsewhere is what their table says.</summary>
public sealed class OptionTableTests
{
    public static TheoryData<string> Pages => ["LoraBaseModel", "LoraAdapter", "LoraMerge.Project"];

    private static string[] Readme { get; } = File.ReadAllLines(Path.Combine(Repository.Root, "README.md"));

    [Fact]
    public void No_option_stands_twice()
    {
        Assert.Distinct(OptionTable.All.Select(option => (option.Owner, option.Name)));
        Assert.Distinct(OptionTable.All.Select(option => option.Switch).OfType<string>());
        Assert.Distinct(OptionTable.All.Select(option => option.Key).OfType<string>());
        Assert.All(OptionTable.All, option => Assert.True(option.Default is null || option.Form.TryRead(option.Default) == option.Default, option.Name));
    }

    [Fact]
    public void A_switch_is_on_by_each_word_that_MSBuild_takes_for_true()
    {
        bool IsOn(string word) => OptionValues.None.With(OptionTable.Report, OptionTable.Report.Form.TryRead(word)).IsOn(OptionTable.Report);

        Assert.All(["true", "True", "yes", "ON"], word => Assert.True(IsOn(word), word));
        Assert.All(["false", "no", "Off"], word => Assert.False(IsOn(word), word));
        Assert.False(OptionValues.None.IsOn(OptionTable.Report));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_for_Visual_Studio_shows_the_words_of_each_option(string page)
    {
        IEnumerable<XElement> properties = XDocument
            .Load(Path.Combine(Repository.Root, "build", "rules", page + ".xaml"))
            .Root!.Elements()
            .Where(element => element.Attribute("Name") is not null);

        Assert.All(
            properties.Where(property => property.Name.LocalName.EndsWith("Property", StringComparison.Ordinal)),
            property =>
            {
                MergeOption option = OptionsOf(page).Single(option => option.Name == property.Attribute("Name")!.Value);
                Assert.Equal(
                    option.Form.Kind switch
                    {
                        OptionFormKind.Words => "EnumProperty",
                        OptionFormKind.Switch => "BoolProperty",
                        _ => "StringProperty",
                    },
                    property.Name.LocalName
                );
                if (option.Form.Kind == OptionFormKind.Words)
                    Assert.Equal(option.Form.Words, property.Elements().Select(value => value.Attribute("Name")!.Value));
            }
        );
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_readme_and_a_page_for_Visual_Studio_have_each_option(string page)
    {
        string shown = File.ReadAllText(Path.Combine(Repository.Root, "build", "rules", page + ".xaml"));
        string[] rows = [.. page == "LoraMerge.Project" ? Readme : RowsOf(page)];

        Assert.All(OptionsOf(page), option =>
        {
            Assert.Contains($"Name=\"{option.Name}\"", shown, StringComparison.Ordinal);
            Assert.Contains(rows, row => row.StartsWith('|') && row.Contains($"`{option.Name}`", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void The_readme_says_the_default_of_each_property() =>
        Assert.All(
            OptionTable.Of(OptionOwner.Project).Where(option => option.Default is not null),
            option => Assert.Contains(Readme, row => row.StartsWith($"| `{option.Name}` | `{option.Default}` |", StringComparison.Ordinal))
        );

    [Fact]
    public void The_targets_give_the_task_every_property()
    {
        string targets = File.ReadAllText(Path.Combine(Repository.Root, "build", "LoraMerge.Build.targets"));

        Assert.All(OptionTable.Of(OptionOwner.Project).Where(option => option.Form != OptionForm.Text), option =>
            Assert.Contains($" {option.Name["LoraMerge".Length..]}=\"$({option.Name})\"", targets, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("plan")]
    [InlineData("verify")]
    public void Help_shows_each_option_with_its_line(string command)
    {
        var output = new StringWriter();
        CommandLine.Parse([command, "--help"]).Invoke(new InvocationConfiguration { Output = output });
        string help = string.Join(' ', output.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

        Assert.All(OptionTable.All.Where(option => option.Switch is not null && !option.IsHidden), option =>
            Assert.Contains($"{option.Switch} <{option.ValueName}> {option.Description}", help, StringComparison.Ordinal));
    }

    private static IEnumerable<MergeOption> OptionsOf(string page) => OptionTable.Of(page switch
    {
        "LoraBaseModel" => OptionOwner.BaseModel,
        "LoraAdapter" => OptionOwner.Adapter,
        _ => OptionOwner.Project,
    });

    /// <summary>From the row with the item's name to the next such row.</summary>
    private static IEnumerable<string> RowsOf(string item) =>
        Readme
            .SkipWhile(line => !line.StartsWith($"| `{item}`", StringComparison.Ordinal))
            .TakeWhile((line, i) => i == 0 || line.StartsWith("| |", StringComparison.Ordinal));
}
