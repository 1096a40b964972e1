using System.Text.RegularExpressions;
using LoraMerge.Tests;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build.Tests;

/// <summary>Which properties and items are warned of, asked in process.</summary>
public sealed partial class PropertyCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lora ü ").FullName;
    private readonly RecordedEngine _engine = new();

    [Theory]
    [InlineData("LoraMergeDevices", "Was 'LoraMergeDevice' meant?")]
    [InlineData("LORAMERGETREADS", "Was 'LoraMergeThreads' meant?")]
    [InlineData("LoraMergeDtype", "Was the metadata 'DType' of a LoraBaseModel meant?")]
    [InlineData("LoraMergeWeight", "Was the metadata 'Weight' of a LoraAdapter meant?")]
    [InlineData("LoraMergeStrategy", "README.md of the package lists")]
    public void An_unknown_property_is_warned_of_where_it_is_written(string name, string words)
    {
        Write(
            "App.csproj",
            "<Project>\n  <PropertyGroup>\n    <!-- <LoraMergeFoo>x</LoraMergeFoo> -->\n    <LoraMergeDevice>cpu</LoraMergeDevice>\n    "
                + $"<{name}>x</{name}>\n  </PropertyGroup>\n</Project>"
        );

        BuildWarningEventArgs warning = Assert.Single(Check());

        Assert.Equal(("LORA1036", PathOf("App.csproj"), 5, 6), (warning.Code, warning.File, warning.LineNumber, warning.ColumnNumber));
        Assert.Contains($"'{name}'", warning.Message, StringComparison.Ordinal);
        Assert.Contains(words, warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LoraAdaptor", "LoraAdapter")]
    [InlineData("LoraBaseModels", "LoraBaseModel")]
    [InlineData("loraadapters", "LoraAdapter")]
    public void An_item_with_a_slip_in_its_name_is_warned_of_where_it_is_written(string name, string meant)
    {
        Write("App.csproj", $"<Project>\n  <ItemGroup>\n    <LoraAdapter Include=\"a\" />\n    <{name} Include=\"b\" />\n  </ItemGroup>\n</Project>");

        BuildWarningEventArgs warning = Assert.Single(Check());

        Assert.Equal(("LORA1171", PathOf("App.csproj"), 4, 6), (warning.Code, warning.File, warning.LineNumber, warning.ColumnNumber));
        Assert.Equal($"The item '{name}' means nothing, and nothing uses it. Was '{meant}' meant?", warning.Message);
    }

    [Theory]
    [InlineData("Adapter", "voices/pirate", "LoraAdapter")]
    [InlineData("LoraWeights", "$(MSBuildThisFileDirectory)voices\\pirate", "LoraAdapter")]
    [InlineData("BaseModel", "base;other", "LoraBaseModel")]
    [InlineData("LoraBase", "hf://org/base", "LoraBaseModel")]
    [InlineData("Lora", "hf://org/voice", "LoraAdapter")]
    public void An_item_that_leads_to_an_adapter_or_a_model_is_warned_of_where_none_is_called_so(string name, string include, string meant)
    {
        Write("voices/pirate/adapter_config.json", "{}");
        Write("base/model.safetensors", "");
        Write("App.csproj", $"<Project>\n  <ItemGroup>\n    <{name} Include=\"{include}\" />\n  </ItemGroup>\n</Project>");

        Assert.Empty(Check());
        BuildWarningEventArgs warning = Assert.Single(Check([], "App.csproj", [], isAnyMissing: true));

        Assert.Equal(("LORA1171", 3, 6), (warning.Code, warning.LineNumber, warning.ColumnNumber));
        Assert.Equal($"The item '{name}' means nothing, and nothing uses it. Was '{meant}' meant?", warning.Message);
    }

    [Fact]
    public void Items_that_lead_elsewhere_or_that_others_use_are_not_warned_of_where_none_is_ours()
    {
        Write("voices/pirate/adapter_config.json", "{}");
        Write("texts/a.txt", "");
        Write("App.csproj", """
            <Project>
              <ItemGroup>
                <Folder Include="voices/pirate" /><DataModel Include="texts" /><ModelFile Include="none" /><LoraRadio Include="serial" />
                <Model Include="voices/**" />
                <Adapter Include="voices/pirate" /><Content Include="@(Adapter->'%(Identity)/*')" /><PackageReference Include="My.Adapter" />
              </ItemGroup>
            </Project>
            """);

        Assert.Empty(Check([], "App.csproj", [], isAnyMissing: true));
    }

    [Fact]
    public void Items_of_a_package_are_not_warned_of()
    {
        Write("base/model.safetensors", "");
        Write("App.csproj", """<Project><ItemGroup><VoiceModel Include="base" /><VoiceModels Include="base" /></ItemGroup></Project>""");
        Write("obj/nuget.g.targets", """<Project><ImportGroup><Import Project="$(NuGetPackageRoot)voice/1.0/build/voice.targets" /></ImportGroup></Project>""");
        Write("packages/voice/1.0/build/voice.targets", """<Project><Import Project="$(MSBuildThisFileDirectory)../tasks.targets" /></Project>""");
        Write("packages/voice/1.0/tasks.targets", """<Project><Target Name="Speak"><Message Text="@( voicemodel->'%(FullPath)')" /></Target></Project>""");

        Assert.Contains("'VoiceModels'", Assert.Single(Check([], "App.csproj", [], isAnyMissing: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Items_of_the_projects_own_are_not_warned_of()
    {
        Write("App.csproj", """
            <Project>
              <ItemGroup>
                <LoraAdapters Include="adapters/pirate" /><LoraTrainingData Include="texts/*" />
                <LoraAdapter Include="@(LoraAdapters)" />
              </ItemGroup>
            </Project>
            """);

        Assert.Empty(Check());
    }

    [Fact]
    public void Known_properties_are_not_warned_of()
    {
        Write(
            "App.csproj",
            $"<Project><PropertyGroup>{string.Concat(RequestedProperties.OfUsers.Select(name => $"<{name}>x</{name}>"))}</PropertyGroup></Project>"
        );

        Assert.Empty(Check());
    }

    [Fact]
    public void A_variable_of_the_projects_own_is_not_warned_of_and_one_that_only_asks_for_itself_is()
    {
        Write("App.csproj", """
            <Project>
              <PropertyGroup>
                <LoraMergeModels>../models/</LoraMergeModels>
                <LoraMergeFormat Condition="'$(LoraMergeFormat)' == ''">gguf</LoraMergeFormat>
              </PropertyGroup>
              <ItemGroup><LoraBaseModel Include="$(LoraMergeModels)base" /></ItemGroup>
            </Project>
            """);

        Assert.Equal(4, Assert.Single(Check()).LineNumber);
    }

    [Fact]
    public void A_program_of_one_file_is_looked_at()
    {
        Write("app.cs", "#:package A@1.0.0\r\n#:property LoraMergeDevice=cpu\r\n#:property  LoraMergeThread = 2\r\n// #:property LoraMergeX=1\r\n");

        BuildWarningEventArgs warning = Assert.Single(Check("app.cs"));

        Assert.Equal(("LORA1036", PathOf("app.cs"), 3), (warning.Code, warning.File, warning.LineNumber));
        Assert.Contains("Was 'LoraMergeThreads' meant?", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directory_files_and_what_they_import_are_looked_at()
    {
        Write(
            "src/App.csproj",
            """
            <Project>
              <Import Project="$(MSBuildThisFileDirectory)more.props" /><Import Project="$(Unknown)/x.props" /><Import Project="gone.props" />
            </Project>
            """
        );
        Write("src/more.props", "<Project><PropertyGroup><LoraMergeA>x</LoraMergeA></PropertyGroup></Project>");
        Write(
            "src/Directory.Build.props",
            """<Project><Import Project="$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', '$(MSBuildThisFileDirectory)../'))" /></Project>"""
        );
        Write(
            "Directory.Build.props",
            """<Project><PropertyGroup><LoraMergeB>x</LoraMergeB></PropertyGroup><Import Project="src/Directory.Build.props" /></Project>"""
        );

        string[] files = [.. Check("src/App.csproj", PathOf("src/Directory.Build.props"), "").Select(warning => warning.File)];

        Assert.Equal([PathOf("src/more.props"), PathOf("Directory.Build.props")], files);
    }

    [Fact]
    public void A_property_of_the_command_line_is_warned_of_at_the_project()
    {
        Write("App.csproj", "<Project />");

        BuildWarningEventArgs warning = Assert.Single(Check(["LoraMergeDevise", "LoraMergeDevice", "Configuration"], "App.csproj", []));

        Assert.Contains("'LoraMergeDevise', which the command line sets,", warning.Message, StringComparison.Ordinal);
        Assert.Equal((PathOf("App.csproj"), 0), (warning.File, warning.LineNumber));
    }

    [Fact]
    public void Files_that_are_no_XML_are_MSBuilds_affair()
    {
        Write("App.csproj", "<Project><LoraMergeFoo>");

        Assert.Empty(Check());
    }

    [Fact]
    public void The_properties_are_those_of_the_readme_and_of_the_package()
    {
        string[] described =
        [
            .. File.ReadAllLines(Path.Combine(Repository.Root, "README.md"))
                .Where(line => line.StartsWith("| `LoraMerge", StringComparison.Ordinal))
                .Select(line => line.Split('`')[1]),
        ];
        IEnumerable<string> used = ((string[])["LoraMerge.Build.props", "LoraMerge.Build.targets"])
            .SelectMany(file => Property.Matches(File.ReadAllText(Path.Combine(Repository.Root, "build", file))))
            .Select(match => match.Groups["name"].Value)
            .Distinct();

        Assert.Equal(described.Order(StringComparer.Ordinal), RequestedProperties.OfUsers.Order(StringComparer.Ordinal));
        Assert.Equal(used.Order(StringComparer.Ordinal), RequestedProperties.OfUsers.Concat(RequestedProperties.OfThePackage).Order(StringComparer.Ordinal));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string relativePath) => Path.Combine(_folder, relativePath);

    private void Write(string relativePath, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(relativePath))!);
        File.WriteAllText(PathOf(relativePath), text);
    }

    private List<BuildWarningEventArgs> Check(string project = "App.csproj", params string[] others) => Check([], project, others);

    private List<BuildWarningEventArgs> Check(string[] ofCommandLine, string project, string[] others, bool isAnyMissing = false)
    {
        using var task = new MergeLoraAdapters { BuildEngine = _engine };
        var files = ProjectFiles.Read(PathOf(project), others.Where(file => file.Length > 0));
        var faults = new FaultLog(new TaskLoggingHelper(task), PathOf(project));
        RequestedItems.Check(files, () => ProjectFiles.Read(PathOf(project), [PathOf("obj/nuget.g.targets")], PathOf("packages/")), isAnyMissing, faults);
        RequestedProperties.Check(files, ofCommandLine, PathOf(project), faults);
        return _engine.Warnings;
    }

    [GeneratedRegex(@"\$\((?<name>LoraMerge\w+)")]
    private static partial Regex Property { get; }
}
