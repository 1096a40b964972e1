using System.IO.Compression;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using LoraMerge.Manifests;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>What README and pages say works, and their links lead somewhere: in the package, where a user has them.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string s_readme = ReadText("README.md");

    [Fact]
    public void Links_of_the_readme_work_in_a_gallery_and_pages_that_it_names_are_there()
    {
        Assert.All(Link.Matches(s_readme), link => Assert.StartsWith("https://", link.Groups["target"].Value, StringComparison.Ordinal));
        string[] named = [.. Page.Matches(s_readme).Select(page => page.Value).Distinct()];
        Assert.NotEmpty(named);
        Assert.All(named, page => Assert.True(File.Exists(Path.Combine(Repository.Root, page)), page));
        Assert.All(named.Except(["docs/architecture.md"]), page => Assert.Contains(page, FilesOfThePackage()));
    }

    [Fact]
    public void Pages_in_the_package_link_to_headings_that_are_there_too()
    {
        string[] files = FilesOfThePackage();
        string[] pages = [
            .. files.Where(file => file.StartsWith("docs/", StringComparison.Ordinal) && file.EndsWith(".md", StringComparison.Ordinal)),
        ];

        Assert.Contains("docs/diagnostics.md", pages);
        foreach (string page in pages)
        {
            foreach (
                string target in Link.Matches(ReadText(page))
                    .Select(link => link.Groups["target"].Value)
                    .Where(target => !target.StartsWith("https://", StringComparison.Ordinal))
            )
            {
                string[] parts = target.Split('#');
                string file = parts[0].Length == 0 ? page : "docs/" + parts[0];
                Assert.True(files.Contains(file), $"{page} links to {target}");
                if (parts.Length > 1)
                    Assert.Contains(parts[1], Heading.Matches(ReadText(file)).Select(heading => AnchorOf(heading.Groups["text"].Value.Trim())));
            }
        }
    }

    [Theory]
    [InlineData(MergeLoraAdapters.BaseModelItem)]
    [InlineData(MergeLoraAdapters.AdapterItem)]
    public void The_readme_has_all_metadata_of_an_item(string item)
    {
        string table = s_readme.Split($"| `{item}` | `Include` |")[1].Split("\n\n")[0].Split("| `Lora")[0];
        string[] named =
        [
            .. table
                .Split('\n')
                .Skip(1)
                .Where(line => line.StartsWith("| | ", StringComparison.Ordinal))
                .SelectMany(line => Code.Matches(line.Split('|')[2]))
                .Select(code => code.Groups["text"].Value),
        ];

        Assert.Equal(RequestedMetadata.Of(item).Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_of_the_manifest_has_all_its_fields()
    {
        string page = ReadText("docs/manifest.md");
        IEnumerable<string> fields = (
            (Type[])
                [typeof(MergeManifest), typeof(ManifestBase), typeof(ManifestOrigin),
                 typeof(ManifestAdapter), typeof(ManifestTensor), typeof(ManifestDelta), typeof(ManifestSource)]
        )
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))
            .Distinct();

        Assert.All(fields, field => Assert.Contains($"`{field}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_example_of_the_readme_merges_and_opens_a_model()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.WriteProject(
            $"""{ReadmeItems()}<None Remove="models/**" />""",
            properties: "<TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>"
        );
        project.Write("Program.cs", Block("csharp", "model.safetensors"));

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult run = (await project.RunAsync("dotnet", [project.PathOf("bin/Debug/net10.0/App.dll")])).ThrowIfFailed();

        Assert.Equal((1, 0), (built.Merges, again.Merges));
        Assert.All(
            (string[])["  App: Merging pirate into base as sea-tales", "  App: Merged sea-tales: "],
            line => Assert.Contains(line, s_readme, StringComparison.Ordinal)
        );
        Assert.Contains("App: Merging pirate into base as sea-tales", built.Lines);
        Assert.Contains(built.Lines, line => line.StartsWith("App: Merged sea-tales: ", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("model.embed_tokens.weight: {\"dtype\":\"BF16\"", StringComparison.Ordinal));
    }

    private static string ReadmeItems() =>
        string.Concat(Block("xml", "PackageReference").Split('\n').Where(line => line.Contains("<Lora", StringComparison.Ordinal)));

    /// <summary>The block of the README in this language that holds these words.</summary>
    private static string Block(string language, string words) =>
        s_readme.Split("```").Single(block => block.StartsWith(language + "\n", StringComparison.Ordinal) && block.Contains(words, StringComparison.Ordinal))[
            (language.Length + 1)..
        ];

    private static string[] FilesOfThePackage()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(Feed.Folder, $"LoraMerge.Build.{Feed.Version}.nupkg"));
        return [.. package.Entries.Select(entry => entry.FullName)];
    }

    private static string AnchorOf(string heading) =>
        string.Concat(heading.ToLowerInvariant().Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-');

    private static string ReadText(string relativePath) => File.ReadAllText(Path.Combine(Repository.Root, relativePath)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"\]\((?<target>[^)]+)\)")]
    private static partial Regex Link { get; }

    [GeneratedRegex(@"docs/[a-z-]+\.md")]
    private static partial Regex Page { get; }

    [GeneratedRegex(@"(?m)^#+ (?<text>.*)$")]
    private static partial Regex Heading { get; }

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code { get; }
}
