namespace LoraMerge.Build.Tests;

/// <summary>Projects that are not what 'dotnet new' makes.</summary>
public sealed class UnusualProjectTests
{
    private const string Ask = """System.Console.WriteLine(System.IO.File.Exists(LoraModels.Base.Path + "/model.safetensors"));""";

    [Fact]
    public async Task A_program_of_one_file_runs_with_the_model_of_the_adapter_that_is_there_now()
    {
        using TestProject project = TestProject.WithFakeWorker();
        File.Delete(project.PathOf("App.csproj"));
        project.Write("Directory.Build.props", $"<Project><ItemGroup>{TestProject.ReadmeItems}</ItemGroup></Project>");
        project.Write("Program.cs", $"#:package LoraMerge.Build@{Feed.Version}\n#:property PublishAot=false\n#:property InvariantGlobalization=true\n{Ask}");
        // Where dotnet builds such programs.
        Dictionary<string, string> environment = new() { ["XDG_DATA_HOME"] = Directory.CreateDirectory(project.PathOf("data")).FullName };
        Task<BuildResult> RunAsync() => project.RunAsync("dotnet", ["run", "Program.cs"], environment);

        BuildResult first = (await RunAsync()).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult changed = (await RunAsync()).ThrowIfFailed();
        BuildResult same = (await RunAsync()).ThrowIfFailed();

        Assert.Equal((1, 1, 0), (first.Workers, changed.Workers, same.Workers));
        Assert.All((BuildResult[])[first, changed, same], run => Assert.Equal("True", run.Output.Trim()));
    }

    [Fact]
    public async Task A_program_of_one_file_without_models_runs()
    {
        using TestProject project = TestProject.WithFakeWorker();
        File.Delete(project.PathOf("App.csproj"));
        project.Write("Program.cs", $"#:package LoraMerge.Build@{Feed.Version}\n#:property PublishAot=false\nSystem.Console.WriteLine(\"Ahoy\");");
        Dictionary<string, string> environment = new() { ["XDG_DATA_HOME"] = Directory.CreateDirectory(project.PathOf("data")).FullName };

        BuildResult run = (await project.RunAsync("dotnet", ["run", "Program.cs"], environment)).ThrowIfFailed();

        Assert.Equal(("Ahoy", 0), (run.Output.Trim(), run.Workers));
    }

    [Fact]
    public async Task A_project_file_of_the_old_style_gets_its_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", "class Program { static void Main() { System.Console.WriteLine(LoraModels.Base.Path); } }");
        project.Write("App.csproj", $"""
            <Project ToolsVersion="15.0" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
              <Import Project="$(MSBuildExtensionsPath)\$(MSBuildToolsVersion)\Microsoft.Common.props" />
              <PropertyGroup>
                <Configuration>Debug</Configuration>
                <Platform>AnyCPU</Platform>
                <OutputType>Exe</OutputType>
                <OutputPath>bin\Debug\</OutputPath>
                <TargetFrameworkVersion>v4.8</TargetFrameworkVersion>
                <RestoreProjectStyle>PackageReference</RestoreProjectStyle>
              </PropertyGroup>
              <ItemGroup>
                <Compile Include="Program.cs" />
                <PackageReference Include="LoraMerge.Build" Version="{Feed.Version}" />
                <PackageReference Include="Microsoft.NETFramework.ReferenceAssemblies" Version="1.0.3" />
                <LoraBaseModel Include="models\base" />
                <LoraAdapter Include="adapters\pirate" />
              </ItemGroup>
              <Import Project="$(MSBuildToolsPath)\Microsoft.CSharp.targets" />
            </Project>
            """);

        BuildResult first = (await project.DotnetAsync(["msbuild", "-restore"])).ThrowIfFailed();
        BuildResult second = (await project.DotnetAsync(["msbuild"])).ThrowIfFailed();
        bool isThere = File.Exists(project.PathOf("bin/Debug/models/base/model.safetensors"));
        (await project.DotnetAsync(["msbuild", "-t:Clean"])).ThrowIfFailed();

        Assert.Equal((1, 0, true), (first.Workers, second.Workers, isThere));
        Assert.False(Directory.Exists(project.PathOf("bin/Debug/models")));
        Assert.False(Directory.Exists(project.PathOf("obj/lora")));
    }

    [Fact]
    public async Task The_package_may_be_referenced_for_one_framework_of_several()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", "public class Model;");
        project.Write("App.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>
                <LangVersion>latest</LangVersion>
              </PropertyGroup>
              <ItemGroup Condition="'$(TargetFramework)' == 'net10.0'">
                <PackageReference Include="LoraMerge.Build" Version="{Feed.Version}" PrivateAssets="all" />
                {TestProject.ReadmeItems}
              </ItemGroup>
            </Project>
            """);

        BuildResult fetched = (await project.BuildAsync("-t:RestoreLoraModels")).ThrowIfFailed();
        BuildResult merged = (await project.BuildAsync("-t:MergeLoraAdapters")).ThrowIfFailed();
        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal((0, 1, 0), (fetched.Workers, merged.Workers, built.Workers));
        Assert.True(File.Exists(project.ModelPath()));
        Assert.False(Directory.Exists(project.PathOf("bin/Debug/netstandard2.0/models")));
    }

    [Fact]
    public async Task A_path_may_hold_whatever_the_SDK_takes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Paths of Windows hold no quotation marks.");
        DirectoryInfo parent = Directory.CreateTempSubdirectory("a \"b\" 'c' (d) [e] #f $g @h &i `j ");
        using (TestProject project = TestProject.WithRealWorker(parent.FullName))
        {
            // A binary log would not come to such a place.
            BuildResult first = (await project.RunAsync("dotnet", ["build", "-tl:off", "-v:detailed"])).ThrowIfFailed();
            BuildResult second = (await project.RunAsync("dotnet", ["build", "-tl:off", "--no-restore"])).ThrowIfFailed();
            BuildResult repeated = await project.RunAsync("sh", ["-c", Assert.Single(first.Lines, line => line.Contains(" exec ", StringComparison.Ordinal))]);

            Assert.Equal((1, 0), (first.Merges, second.Merges));
            Assert.True(File.Exists(project.ModelPath()));
            Assert.True(repeated.ExitCode == 0, repeated.Output);
        }
        parent.Delete(recursive: true);
    }

    [Fact]
    public async Task Versions_may_be_managed_centrally_and_locked()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.Write("Directory.Packages.props", $"""
            <Project>
              <PropertyGroup>
                <ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally>
                <CentralPackageTransitivePinningEnabled>true</CentralPackageTransitivePinningEnabled>
                <RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>
                <RestoreUseStaticGraphEvaluation>true</RestoreUseStaticGraphEvaluation>
              </PropertyGroup>
              <ItemGroup>
                <GlobalPackageReference Include="LoraMerge.Build" Version="{Feed.Version}" />
              </ItemGroup>
            </Project>
            """);
        project.WritePlainProject("App.csproj", TestProject.ReadmeItems, "<OutputType>Exe</OutputType>");

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult locked = (await project.BuildAsync("-p:RestoreLockedMode=true")).ThrowIfFailed();

        Assert.Equal((1, 0), (first.Merges, locked.Workers));
        Assert.True(File.Exists(project.ModelPath()));
    }

    [Fact]
    public async Task The_class_of_the_models_passes_the_strictest_analysis_also_beside_one_that_is_visible_from_a_reference()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.MoveProjectTo("lib");
        project.CopyFixture("base", "app/models/base");
        project.CopyFixture("adapter", "app/adapters/pirate");
        project.WriteProject(TestProject.ReadmeItems, "<TargetFramework>net10.0</TargetFramework>", file: "lib/App.csproj");
        project.Write("lib/Program.cs", $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Strict\")]\n{Ask}");
        project.WriteProject(
            """
            <ProjectReference Include="../lib/App.csproj" />
            <LoraBaseModel Include="models/base" Format="gguf" /><LoraAdapter Include="adapters/pirate" MergedModelName="2-pirates &amp; more" />
            """,
            """
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <GenerateDocumentationFile>true</GenerateDocumentationFile>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors>
            <AnalysisLevel>latest-all</AnalysisLevel>
            <EnforceCodeStyleInBuild>true</EnforceCodeStyleInBuild>
            <WarningLevel>9999</WarningLevel>
            """,
            file: "app/Strict.csproj");
        project.Write("app/.editorconfig", "root = true\n[*.cs]\ndotnet_analyzer_diagnostic.severity = error\n");
        project.Write("app/Program.cs", "[assembly: System.CLSCompliant(true)]\nreturn;\n");

        BuildResult built = await project.DotnetAsync(["build", "-tl:off", "app"]);

        Assert.DoesNotContain(built.Errors, error => error.Text.Contains("LoraModels", StringComparison.Ordinal) || error.File?.Contains("LoraModels") == true);
        built.ThrowIfFailed();
    }

    [Fact]
    public async Task Items_that_only_builds_make_are_missed_where_nothing_is_built()
    {
        using TestProject project = TestProject.WithFakeWorker();
        string Target(string when) => $"</ItemGroup><Target Name=\"FindModels\" {when}><ItemGroup>{TestProject.ReadmeItems}</ItemGroup></Target><ItemGroup>";
        project.WriteProject(Target("BeforeTargets=\"BeforeBuild\""));
        (await project.BuildAsync("-c", "Release")).ThrowIfFailed();

        BuildResult missed = (await project.DotnetAsync(["publish", "--no-build", "-tl:off", "-o", "a"])).ThrowIfFailed();
        project.WriteProject(Target(""), "<TargetFramework>net10.0</TargetFramework><MergeLoraAdaptersDependsOn>FindModels</MergeLoraAdaptersDependsOn>");
        BuildResult found = (await project.DotnetAsync(["publish", "--no-build", "-tl:off", "-o", "b"])).ThrowIfFailed();

        Assert.Equal("LORA1091", Assert.Single(missed.Warnings).Code);
        Assert.Empty(found.Warnings);
        Assert.Equal((false, true), (Directory.Exists(project.PathOf("a/models")), Directory.Exists(project.PathOf("b/models"))));
    }
}
