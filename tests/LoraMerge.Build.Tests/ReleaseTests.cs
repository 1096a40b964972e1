using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The packages of a release, and what a new user does with them: each by the lines of its own page.</summary>
public sealed partial class ReleaseTests(PackedRelease release) : IClassFixture<PackedRelease>
{
    private static readonly Match s_runtime = RuntimePackage.Match(Directory.GetFiles(Feed.Folder, "LoraMerge.Build.Runtime.*.nupkg").Single());

    /// <summary>The platform that the tests run on.</summary>
    internal static string Runtime { get; } = s_runtime.Groups["platform"].Value;

    private static string RuntimeVersion { get; } = s_runtime.Groups["version"].Value;

    [Fact]
    public void Every_package_tells_its_licence_and_what_it_is()
    {
        Assert.NotNull(release);
        string[] packages = [.. PackedRelease.Packages];
        string[] ids = [.. packages.Select(package => Metadata(package)["id"]!).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "LoraMerge", "LoraMerge.Build", $"LoraMerge.Build.Runtime.{Runtime}", "LoraMerge.Gguf", "LoraMerge.Safetensors", "LoraMerge.Templates",
                "LoraMerge.Tool", $"LoraMerge.Tool.{Runtime}",
            ],
            ids
        );
        Assert.All(packages, package =>
        {
            Dictionary<string, string> metadata = Metadata(package);
            // The libraries of others are under the licences of others.
            Assert.Equal(metadata["id"].Contains(".Runtime.", StringComparison.Ordinal) ? "LICENSES.txt" : "MIT", metadata["license"]);
            Assert.All((string[])["tags", "releaseNotes", "description", "copyright", "authors"], name => Assert.NotEmpty(metadata[name]));
            Assert.All(
                (string[])["LICENSE", "THIRD-PARTY-NOTICES.txt", "CHANGELOG.md", metadata["readme"], metadata["icon"]],
                file => Assert.False(string.IsNullOrEmpty(PackedRelease.Read(package, file)), $"{file} of {package}")
            );
        });
    }

    [Fact]
    public void Libraries_have_documentation_and_symbols_and_depend_on_packages_that_are_there()
    {
        string[] ids = [.. PackedRelease.Packages.Select(package => Metadata(package)["id"])];
        Assert.All((string[])["LoraMerge", "LoraMerge.Gguf", "LoraMerge.Safetensors"], id =>
        {
            string package = Path.Combine(PackedRelease.Folder, $"{id}.{Feed.Version}.nupkg");
            Assert.Contains("<summary>", PackedRelease.Read(package, $"lib/net10.0/{id}.xml"), StringComparison.Ordinal);
            Assert.NotNull(PackedRelease.Read(Path.ChangeExtension(package, ".snupkg"), $"lib/net10.0/{id}.pdb"));
            Assert.All(DependenciesOf(package).Where(name => name.StartsWith("LoraMerge", StringComparison.Ordinal)), name => Assert.Contains(name, ids));
        });
        // Who wants the file format alone gets nothing else.
        Assert.Empty(DependenciesOf(Path.Combine(PackedRelease.Folder, $"LoraMerge.Safetensors.{Feed.Version}.nupkg")));
        Assert.NotNull(PackedRelease.Read(Path.Combine(Feed.Folder, $"LoraMerge.Build.{Feed.Version}.snupkg"), "tools/worker/net10.0/LoraMerge.pdb"));
    }

    [Fact]
    public void The_notices_name_every_assembly_and_library_of_others()
    {
        string notices = File.ReadAllText(Path.Combine(Repository.Root, "THIRD-PARTY-NOTICES.txt"));
        List<(string Name, bool IsNative)> files = [.. PackedRelease.Packages.SelectMany(package =>
        {
            using ZipArchive archive = ZipFile.OpenRead(package);
            bool isNative = package.Contains(".Runtime.", StringComparison.Ordinal);
            return archive.Entries
                .Select(entry => (entry.Name, IsNative: isNative || entry.FullName.Contains("/natives/", StringComparison.Ordinal)))
                .ToList();
        })];

        string[] managed =
        [
            .. files.Where(file => !file.IsNative && file.Name.EndsWith(".dll", StringComparison.Ordinal)).Select(file => file.Name).Distinct(),
        ];
        Assert.Contains("TorchSharp.dll", managed);
        Assert.All(
            managed.Where(file => !file.StartsWith("LoraMerge", StringComparison.Ordinal) && file != "lora-merge.dll"),
            file => Assert.Contains(file, notices, StringComparison.Ordinal)
        );
        // Windows puts no 'lib' before the names that the notices have.
        string[] native = [.. files.Where(file => file.IsNative && file.Name.StartsWith("lib", StringComparison.Ordinal)).Select(file => file.Name).Distinct()];
        Assert.Contains(files, file => file.IsNative && file.Name.Contains("torch_cpu", StringComparison.Ordinal));
        Assert.All(native, file => Assert.Contains(NativeName.Match(file).Value, notices, StringComparison.Ordinal));
    }

    [Fact]
    public void What_messages_lead_to_is_in_the_packages_that_print_them()
    {
        Assert.All(
            (string[])[
                Path.Combine(Feed.Folder, $"LoraMerge.Build.{Feed.Version}.nupkg"),
                Path.Combine(PackedRelease.Folder, $"LoraMerge.Tool.{Runtime}.{Feed.Version}.nupkg"),
            ],
            package =>
            {
                string page = PackedRelease.Read(package, "docs/diagnostics.md")!;
                Assert.Contains("## LORA1001", page, StringComparison.Ordinal);
                using ZipArchive archive = ZipFile.OpenRead(package);
                // From a program's folder the page is found above it.
                Assert.Contains(archive.Entries, entry => entry.Name == "lora-merge.dll" && entry.FullName.Split('/').Length <= 6);
            }
        );
    }

    [Fact]
    public async Task A_program_merges_at_run_time_by_the_lines_of_the_library_page()
    {
        using TestProject project = NewUser("docs/library.md", "MergeAsync", $"""
            <PackageReference Include="LoraMerge" Version="{Feed.Version}" />
            <PackageReference Include="LoraMerge.Build.Runtime.{Runtime}" Version="{RuntimeVersion}" Condition="'$(WithRuntime)' != 'false'" />
            """);

        // As on a machine that has never restored a package of these.
        var empty = new Dictionary<string, string> { ["NUGET_PACKAGES"] = project.PathOf("packages") };

        BuildResult built = (await project.DotnetAsync(["build", "-tl:off"], empty)).ThrowIfFailed();
        BuildResult ran = (await project.RunAsync("dotnet", ["exec", project.PathOf("bin/Debug/net10.0/App.dll")])).ThrowIfFailed();
        Assert.Empty(built.Warnings);
        Assert.True(Directory.Exists(project.PathOf($"packages/loramerge.build.runtime.{Runtime}")));
        Assert.Contains("Merged sea-tales: 14 of 21 tensors changed", ran.Output, StringComparison.Ordinal);
        Assert.Contains("100 %", ran.Lines);
        Assert.True(File.Exists(project.PathOf("merged/model.safetensors")));
        // A build copies no library.
        Assert.Empty(Directory.GetFiles(project.PathOf("bin"), "*torch_cpu*", SearchOption.AllDirectories));

        (await project.DotnetAsync(["publish", "-tl:off", "--no-build", "-c", "Debug", "-o", "out"], empty)).ThrowIfFailed();
        BuildResult published = (await project.RunAsync("dotnet", ["exec", project.PathOf("out/App.dll")])).ThrowIfFailed();
        Assert.Contains("Merged sea-tales", published.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(project.PathOf("out/lora-merge.natives")));
        Assert.Single(Directory.GetFiles(project.PathOf("out/natives"), "*torch_cpu*"));

        (await project.DotnetAsync(["build", "-tl:off", "-p:WithRuntime=false", "-o", "without"], empty)).ThrowIfFailed();
        BuildResult without = await project.RunAsync("dotnet", ["exec", project.PathOf("without/App.dll")]);
        Assert.NotEqual(0, without.ExitCode);
        Assert.Contains($"LoraMerge.Build.Runtime.{Runtime}", without.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_of_the_page_of_safetensors_runs()
    {
        string reference = $"""<PackageReference Include="LoraMerge.Safetensors" Version="{Feed.Version}" />""";
        using TestProject project = NewUser("docs/safetensors.md", "ShardLayout", reference);

        (await project.BuildAsync()).ThrowIfFailed();
        BuildResult ran = (await project.RunAsync("dotnet", ["exec", project.PathOf("bin/Debug/net10.0/App.dll")])).ThrowIfFailed();

        Assert.Equal("weight: F32 [2, 3], 24 bytes", ran.Output.Trim());
        IEnumerable<string?> assemblies = Directory.GetFiles(project.PathOf("bin"), "*.dll", SearchOption.AllDirectories).Select(Path.GetFileName);
        Assert.Equal(["App.dll", "LoraMerge.Safetensors.dll"], assemblies.Order());
    }

    [Fact]
    public async Task The_tool_is_installed_and_merges()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.AddPackageSource(PackedRelease.Folder);

        (await project.RunAsync("dotnet", ["tool", "install", "LoraMerge.Tool", "--version", Feed.Version, "--tool-path", "tools"])).ThrowIfFailed();
        string program = project.PathOf(OperatingSystem.IsWindows() ? "tools/lora-merge.exe" : "tools/lora-merge");
        BuildResult merged = (
            await project.RunAsync(program, ["merge", "--base", "models/base", "--adapter", "adapters/pirate", "--output", "merged"])
        ).ThrowIfFailed();
        BuildResult suggested = (await project.RunAsync(program, ["[suggest:27]", "lora-merge merge --dtype b"])).ThrowIfFailed();
        BuildResult refused = await project.RunAsync(program, ["merge", "--base", "models/none", "--adapter", "adapters/pirate", "--output", "other"]);
        BuildResult wrong = await project.RunAsync(program, ["mrege"]);

        Assert.Contains("Merged base: 14 of 21 tensors changed", merged.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(project.PathOf("merged/lora-merge.json")));
        Assert.Equal("bfloat16", suggested.Output.Trim());
        Assert.Equal((1, 2), (refused.ExitCode, wrong.ExitCode));
        Assert.Contains("error LORA1107", refused.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_of_the_template_builds_and_tells_a_story()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.AddPackageSource(PackedRelease.Folder);
        // Templates are installed for a user.
        var user = new Dictionary<string, string> { ["DOTNET_CLI_HOME"] = project.PathOf("home") };

        string package = Directory.GetFiles(PackedRelease.Folder, "LoraMerge.Templates.*.nupkg").Single();
        (await project.RunAsync("dotnet", ["new", "install", package], user)).ThrowIfFailed();
        (await project.RunAsync("dotnet", ["new", "lora-app", "--output", "SeaTales"], user)).ThrowIfFailed();
        BuildResult built = (await project.DotnetAsync(["build", "-tl:off"], folder: "SeaTales")).ThrowIfFailed();
        BuildResult ran = (await project.RunAsync("dotnet", ["run", "--no-build"], folder: "SeaTales")).ThrowIfFailed();

        Assert.Equal(1, built.Merges);
        // Of what LLamaSharp asks for, the packages of this repository may be newer than the lowest that would do.
        Assert.DoesNotContain(built.Warnings, warning => warning.Code != "NU1603");
        Assert.True(File.Exists(project.PathOf("SeaTales/SeaTales.csproj")));
        Assert.Contains("The name of the fox was Lily. One day", ran.Output, StringComparison.Ordinal);
        Assert.All(
            (string[])["SeaTales/SeaTales.csproj", "SeaTales/Program.cs"],
            file => Assert.Contains("CHANGE:", File.ReadAllText(project.PathOf(file)), StringComparison.Ordinal)
        );
    }

    /// <summary>A project with the one program of a page and nothing else.</summary>
    private static TestProject NewUser(string page, string word, string references)
    {
        var project = TestProject.WithRealWorker();
        project.AddPackageSource(PackedRelease.Folder);
        string text = File.ReadAllText(Path.Combine(Repository.Root, page)).ReplaceLineEndings("\n");
        IEnumerable<string> programs = CodeBlock.Matches(text).Select(block => block.Groups["code"].Value);
        project.Write("Program.cs", programs.Single(code => code.Contains(word, StringComparison.Ordinal)));
        project.WritePlainProject("App.csproj", references, "<OutputType>Exe</OutputType><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>");
        return project;
    }

    private static Dictionary<string, string> Metadata(string package) =>
        Nuspec(package).Elements().GroupBy(element => element.Name.LocalName).ToDictionary(same => same.Key, same => same.First().Value);

    private static IEnumerable<string> DependenciesOf(string package) =>
        Nuspec(package).Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value);

    private static XElement Nuspec(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        using Stream nuspec = archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(nuspec).Root!.Elements().First();
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock { get; }

    [GeneratedRegex(@"Runtime\.(?<platform>[a-z]+-[a-z0-9]+)\.(?<version>.+)\.nupkg$")]
    private static partial Regex RuntimePackage { get; }

    [GeneratedRegex("^lib[A-Za-z]+")]
    private static partial Regex NativeName { get; }
}
