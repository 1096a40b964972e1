using System.Text.Json.Nodes;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The class by which an app finds its merged models.</summary>
public sealed class ConstantsTests
{
    private const string OneModel =
        """<LoraBaseModel Include="models/base" Version="2.1.0" /><LoraAdapter Include="adapters/pirate" MergedModelName="sea-tales" />""";

    /// <summary>What an app can ask, in lines.</summary>
    private const string Ask = """
        System.Console.WriteLine("path " + LoraModels.SeaTales.Path);
        System.Console.WriteLine("is there " + System.IO.Directory.Exists(LoraModels.SeaTales.Path));
        System.Console.WriteLine("adapters " + string.Join("+", LoraModels.SeaTales.Adapters));
        System.Console.WriteLine("version " + LoraModels.SeaTales.Version);
        System.Console.WriteLine("hash " + LoraModels.SeaTales.Hash);
        """;

    [Fact]
    public async Task An_app_finds_its_model_and_tells_which_it_is()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.Write("Program.cs", Ask);
        project.WriteProject(OneModel);

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();
        string[] first = await RunAppAsync(project);
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        string[] second = await RunAppAsync(project);

        Assert.DoesNotContain(built.Warnings, warning => warning.Code.StartsWith("CS", StringComparison.Ordinal));
        Assert.Equal(
            [$"path {project.PathOf("bin/Debug/net10.0/models/sea-tales")}", "is there True", "adapters pirate", "version 2.1.0"],
            first[..4]
        );
        Assert.Equal((1, 0), (changed.Merges, changed.Tasks("Csc").Count));
        Assert.Equal(first[..4], second[..4]);
        Assert.NotEqual(first[4], second[4]);
        string manifest = await File.ReadAllTextAsync(
            project.PathOf("bin/Debug/net10.0/models/sea-tales/lora-merge.json"), TestContext.Current.CancellationToken);
        Assert.Equal($"hash {JsonNode.Parse(manifest)!["key"]}", second[4]);
    }

    [Fact]
    public async Task A_renamed_model_is_a_compile_error_and_a_second_build_compiles_nothing()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", "System.Console.WriteLine(LoraModels.SeaTales.Path);");
        project.WriteProject(OneModel);
        string source = project.PathOf("obj/Debug/net10.0/App.LoraModels.g.cs");

        (await project.BuildAsync()).ThrowIfFailed();
        DateTime written = File.GetLastWriteTimeUtc(source);
        BuildResult same = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult asked = (await project.BuildAsync("--no-restore", "-question")).ThrowIfFailed();
        Assert.Equal((0, 0), (same.Tasks("Csc").Count, asked.Tasks("Csc").Count));
        Assert.Equal(written, File.GetLastWriteTimeUtc(source));

        project.WriteProject(OneModel.Replace("sea-tales", "space-tales", StringComparison.Ordinal));
        BuildResult questioned = await project.BuildAsync("--no-restore", "-question");
        Assert.Contains(questioned.Errors, error => error.Code == "LORA1081");
        Assert.Equal(written, File.GetLastWriteTimeUtc(source));
        BuildResult renamed = await project.BuildAsync("--no-restore");
        Assert.Equal("CS0117", Assert.Single(renamed.Errors).Code);
        Assert.Equal(0, renamed.Workers);

        project.Write("Program.cs", "System.Console.WriteLine(LoraModels.SpaceTales.Path);");
        (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Equal([project.PathOf("bin/Debug/net10.0/models/space-tales")], await RunAppAsync(project));

        (await project.DotnetAsync(["clean", "-tl:off"])).ThrowIfFailed();
        Assert.False(File.Exists(source));
    }

    [Fact]
    public async Task Two_models_with_names_that_no_program_can_say_have_a_class_each()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.CopyFixture("base", "models/second");
        project.Write("Program.cs", """
            System.Console.WriteLine(string.Join("|", new[] { LoraModels._2Pirates.Name, LoraModels.Class.Name, LoraModels.Ünï.Name, LoraModels.AB.Name,
                LoraModels.AB_2.Name, LoraModels.Path_.Name, LoraModels.Equals_.Name, LoraModels.LoraModels_.Name, LoraModels.System.Name }));
            System.Console.WriteLine(LoraModels.Ünï.Path == System.IO.Path.Combine(System.AppContext.BaseDirectory, "models", "ünï"));
            System.Console.WriteLine(LoraModels.Gguf.File == System.IO.Path.Combine(LoraModels.Gguf.Path, "gguf.gguf"));
            System.Console.WriteLine(LoraModels.AB.Version + LoraModels.Gguf.Version);
            """);
        string[] names = ["2-pirates", "class", "ünï", "a&amp;b", "a-b", "path", "equals", "lora-models", "system"];
        IEnumerable<string> adapters = names.Select(name => $"""<LoraAdapter Include="adapters/pirate" BaseModel="models/base" MergedModelName="{name}" />""");
        project.WriteProject($"""
            <LoraBaseModel Include="models/base" Version="1.0-&quot;a\b&quot;" />{string.Concat(adapters)}
            <LoraBaseModel Include="models/second" MergedModelName="gguf" Format="gguf" /><LoraAdapter Include="adapters/pirate" BaseModel="models/second" />
            """, properties: "<TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><TreatWarningsAsErrors>true</TreatWarningsAsErrors>");

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Empty(built.Warnings);
        Assert.Equal(
            ["2-pirates|class|ünï|a&b|a-b|path|equals|lora-models|system", "True", "True", "1.0-\"a\\b\""],
            await RunAppAsync(project)
        );
    }

    [Fact]
    public async Task An_FSharp_app_finds_its_model()
    {
        using TestProject project = TestProject.WithRealWorker();
        File.Delete(project.PathOf("App.csproj"));
        string program = """
            [<EntryPoint>]
            let main _ =
                printfn "%s" LoraModels.SeaTales.Path
                printfn "%s %s %s" LoraModels.SeaTales.Name LoraModels.SeaTales.Version (String.concat "+" LoraModels.SeaTales.Adapters)
                printfn "%d" LoraModels.SeaTales.Hash.Length
                printfn "%b" (System.IO.File.Exists LoraModels.System.File)
                0

            """;
        project.Write("Program.fs", program);
        CopySample(project, "models/base");
        CopySample(project, "adapters/pirate");
        string items = OneModel.Replace(" MergedModelName", " BaseModel=\"models/base\" MergedModelName", StringComparison.Ordinal) + """
            <LoraBaseModel Include="sample-app/models/base" MergedModelName="system" Format="gguf-adapter" />
            <LoraAdapter Include="sample-app/adapters/pirate" BaseModel="sample-app/models/base" />
            <Compile Include="Program.fs" />
            """;
        const string Properties = "<TargetFramework>net10.0</TargetFramework><SatelliteResourceLanguages>en</SatelliteResourceLanguages>"
            + "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>";
        project.WriteProject(items, Properties, file: "App.fsproj");

        (await project.BuildAsync()).ThrowIfFailed();
        string[] said = await RunAppAsync(project);
        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        project.Write("Program.fs", program.Replace("LoraModels", "My.``base``.LoraModels", StringComparison.Ordinal));
        project.WriteProject(items, Properties + "<LoraMergeConstantsNamespace>My.base</LoraMergeConstantsNamespace>", file: "App.fsproj");
        (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal([project.PathOf("bin/Debug/net10.0/models/sea-tales"), "sea-tales 2.1.0 pirate", "32", "true"], said);
        Assert.Equal((0, 0), (again.Tasks("Fsc").Count, again.Merges));
        Assert.Equal(said, await RunAppAsync(project));
    }

    [Fact]
    public async Task Older_frameworks_and_a_namespace_have_them_whether_anything_is_merged_or_not()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", """
            using My.@class;
            public static class Program { public static void Main() { System.Console.WriteLine(LoraModels.SeaTales.Path + LoraModels.SeaTales.Hash); } }
            """);
        project.WriteProject(OneModel, properties: """
            <TargetFrameworks>net48;netstandard2.0;net10.0</TargetFrameworks>
            <OutputType Condition="'$(TargetFramework)' == 'netstandard2.0'">Library</OutputType><LangVersion>7.3</LangVersion>
            <Nullable>disable</Nullable><ImplicitUsings>disable</ImplicitUsings><TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <LoraMergeConstantsNamespace>My.class</LoraMergeConstantsNamespace>
            """);

        BuildResult off = (await project.BuildAsync("-p:LoraMergeEnabled=false")).ThrowIfFailed();
        BuildResult on = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((0, 1), (off.Workers, on.Merges));
        Assert.Equal((3, 0), (off.Tasks("Csc").Count, on.Tasks("Csc").Count));
        Assert.Empty(off.Warnings.Concat(on.Warnings));

        BuildResult wrong = await project.BuildAsync("--no-restore", "-f", "net10.0", "-p:LoraMergeConstantsNamespace=my-app");
        Assert.Equal("LORA1080", Assert.Single(wrong.Errors).Code);
    }

    [Fact]
    public async Task An_editor_knows_them_before_anything_was_merged()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(OneModel);
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        Task<BuildResult> DesignAsync() => project.DotnetAsync([
            "msbuild", "-t:Compile;GetCopyToOutputDirectoryItems", "-p:DesignTimeBuild=true", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true",
            "-getItem:CscCommandLineArgs",
        ]);

        BuildResult designed = (await DesignAsync()).ThrowIfFailed();
        string source = await File.ReadAllTextAsync(project.PathOf("obj/Debug/net10.0/App.LoraModels.g.cs"), TestContext.Current.CancellationToken);
        project.WriteProject("""<LoraBaseModel Include="models/gone" /><LoraAdapter Include="adapters/gone" BaseModel="other" />""");
        BuildResult unfinished = (await DesignAsync()).ThrowIfFailed();
        project.WriteProject(OneModel);
        (await DesignAsync()).ThrowIfFailed();
        BuildResult built = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((0, 0), (designed.Workers, unfinished.Workers));
        Assert.Contains("App.LoraModels.g.cs", designed.Output, StringComparison.Ordinal);
        Assert.Contains("class SeaTales", source, StringComparison.Ordinal);
        Assert.Equal(1, built.Merges);
        Assert.Equal(source, await File.ReadAllTextAsync(project.PathOf("obj/Debug/net10.0/App.LoraModels.g.cs"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task They_can_be_switched_off_and_other_languages_have_none()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", "public static class LoraModels { public static void Main() { } }");
        project.WriteProject(OneModel, properties: "<TargetFramework>net10.0</TargetFramework><LoraMergeConstants>false</LoraMergeConstants>");
        (await project.BuildAsync()).ThrowIfFailed();
        Assert.Empty(Directory.GetFiles(project.PathOf("obj"), "*LoraModels*", SearchOption.AllDirectories));

        project.Write("vb/Program.vb", "Module Program\nSub Main()\nEnd Sub\nEnd Module\n");
        project.WriteProject(OneModel.Replace("Include=\"", "Include=\"../", StringComparison.Ordinal), file: "vb/Basic.vbproj");
        BuildResult basic = (await project.BuildAsync("vb")).ThrowIfFailed();
        Assert.Equal(1, basic.Merges);
        Assert.Empty(Directory.GetFiles(project.PathOf("vb/obj"), "*LoraModels*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_library_finds_its_model_in_the_folder_of_the_app()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.MoveProjectTo("lib");
        project.Write("lib/Program.cs", """
            public static class Tales { public static string Where => LoraModels.SeaTales.Path + " " + LoraModels.SeaTales.Hash.Length; }
            """);
        project.WriteProject(OneModel, "<TargetFramework>net10.0</TargetFramework><OutputType>Library</OutputType>", file: "lib/App.csproj");
        project.Write("app/Program.cs", "System.Console.WriteLine(Tales.Where);");
        project.WritePlainProject("app/Other.csproj", """<ProjectReference Include="../lib/App.csproj" />""", "<OutputType>Exe</OutputType>");

        (await project.BuildAsync("app")).ThrowIfFailed();

        Assert.Equal([project.PathOf("app/bin/Debug/net10.0/models/sea-tales") + " 32"], await RunAppAsync(project, "app/bin/Debug/net10.0/Other.dll"));
    }

    [Fact]
    public async Task An_app_in_one_file_that_unpacks_itself_finds_its_model_beside_the_file()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", """
            System.Console.WriteLine(LoraModels.SeaTales.Path);
            System.Console.WriteLine(System.AppContext.BaseDirectory);
            """);
        project.WriteProject(OneModel);
        string platform = Path.GetFileName(Directory.GetFiles(Feed.Folder, "LoraMerge.Build.Runtime.*.nupkg").Single()).Split('.')[3];

        (await project.DotnetAsync([
            "publish", "-tl:off", "-r", platform, "--self-contained", "-p:PublishSingleFile=true", "-p:IncludeAllContentForSelfExtract=true", "-o", "out",
        ])).ThrowIfFailed();
        var unpacked = new Dictionary<string, string> { ["DOTNET_BUNDLE_EXTRACT_BASE_DIR"] = project.PathOf("unpacked") };
        BuildResult ran = (await project.RunAsync(project.PathOf(OperatingSystem.IsWindows() ? "out/App.exe" : "out/App"), [], unpacked)).ThrowIfFailed();

        string[] lines = [.. ran.Lines.Where(line => line.Length > 0)];
        Assert.Equal(project.PathOf("out/models/sea-tales"), lines[0]);
        Assert.StartsWith(project.PathOf("unpacked"), lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_leaves_a_model_without_a_name_is_said_before_the_compiler_runs()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", "System.Console.WriteLine(LoraModels.SeaTales.Path);");
        project.WriteProject(OneModel.Replace("<LoraAdapter", "<LoraAdapter BaseModel=\"bse\"", StringComparison.Ordinal));
        BuildResult misspelt = await project.BuildAsync();
        Assert.Equal("LORA1005", Assert.Single(misspelt.Errors).Code);
        // That the address is not fetched is no fault: nobody has asked for it yet.
        project.WriteProject("""<LoraBaseModel Include="hf://acme/tiny-llama" /><LoraAdapter Include="adapters/pirate" BaseModel="bse" />""");
        BuildResult ofAddress = await project.BuildAsync("--no-restore");
        Assert.Equal("LORA1005", Assert.Single(ofAddress.Errors).Code);

        // The inputs come when the app is compiled already, the weight file of the base too.
        Directory.Move(project.PathOf("models"), project.PathOf("elsewhere"));
        project.Write("Program.cs", "System.Console.WriteLine(LoraModels.Model.Path);");
        project.WriteProject("""
            <LoraBaseModel Include="models/base/model.safetensors" /><LoraAdapter Include="adapters/pirate" />
            <MovedFile Include="elsewhere/base/*" />
            """, """
            <TargetFramework>net10.0</TargetFramework><MergeLoraAdaptersDependsOn>Fetch</MergeLoraAdaptersDependsOn>
            """);
        project.Write("Directory.Build.targets", """
            <Project><Target Name="Fetch"><Copy SourceFiles="@(MovedFile)" DestinationFolder="models/base" /></Target></Project>
            """);
        BuildResult fetched = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Equal(1, fetched.Merges);
        Assert.True(File.Exists(project.PathOf("bin/Debug/net10.0/models/model/model.safetensors")));
    }

    private static void CopySample(TestProject project, string folder)
    {
        string target = Directory.CreateDirectory(project.PathOf($"sample-app/{folder}")).FullName;
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "sample-app", folder)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }

    private static async Task<string[]> RunAppAsync(TestProject project, string app = "bin/Debug/net10.0/App.dll") =>
        [.. (await project.RunAsync("dotnet", ["exec", project.PathOf(app)])).ThrowIfFailed().Lines.Where(line => line.Length > 0)];
}
