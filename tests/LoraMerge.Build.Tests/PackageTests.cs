using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace LoraMerge.Build.Tests;

/// <summary>Packages that users make of projects with models.</summary>
public sealed class PackageTests
{
    private const string Library =
        "<TargetFramework>net10.0</TargetFramework><OutputType>Library</OutputType><EnableDefaultCompileItems>false</EnableDefaultCompileItems>";

    [Fact]
    public async Task The_package_of_a_library_holds_no_model_and_asks_for_nothing()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(properties: Library);

        BuildResult packed = (await project.DotnetAsync(["pack", "-tl:off", "-o", "out"])).ThrowIfFailed();

        Assert.Empty(packed.Warnings);
        Dictionary<string, string> files = Read(project.PathOf("out/App.1.0.0.nupkg"));
        Assert.Contains("lib/net10.0/App.dll", files.Keys);
        Assert.DoesNotContain(files.Keys, name => name.Contains("models", StringComparison.Ordinal));
        Assert.DoesNotContain("LoraMerge", files["App.nuspec"], StringComparison.OrdinalIgnoreCase);

        project.WriteProject(properties: Library, privateAssets: "");
        BuildResult careless = (await project.DotnetAsync(["pack", "-tl:off", "-o", "out"])).ThrowIfFailed();
        Assert.Contains(careless.Warnings, warning => warning.Code == "LORA1024");
    }

    [Fact]
    public async Task The_package_of_a_tool_holds_the_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(properties: "<TargetFramework>net10.0</TargetFramework><PackAsTool>true</PackAsTool>");

        BuildResult packed = (await project.DotnetAsync(["pack", "-tl:off", "-o", "out"])).ThrowIfFailed();

        Assert.Equal(1, packed.Merges);
        Dictionary<string, string> files = Read(project.PathOf("out/App.1.0.0.nupkg"));
        Assert.Contains("tools/net10.0/any/models/base/model.safetensors", files.Keys);
        Assert.Contains("tools/net10.0/any/models/base/config.json", files.Keys);
        Assert.DoesNotContain(files.Keys, name => name.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_app_with_a_lower_TorchSharp_of_its_own_restores()
    {
        using TestProject project = TestProject.WithFakeWorker();
        WritePackage(project.PathOf("own/TorchSharp.0.100.0.nupkg"), "TorchSharp", "0.100.0");
        WritePackage(project.PathOf("own/libtorch-cpu-linux-x64.2.1.0.nupkg"), "libtorch-cpu-linux-x64", "2.1.0");
        project.AddPackageSource("own");
        project.WriteProject(
            items: TestProject.ReadmeItems
                + """<PackageReference Include="TorchSharp" Version="0.100.0" /><PackageReference Include="libtorch-cpu-linux-x64" Version="2.1.0" />"""
        );

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Empty(built.Warnings);
        Assert.Equal(1, built.Merges);
        string assets = await File.ReadAllTextAsync(project.PathOf("obj/project.assets.json"), TestContext.Current.CancellationToken);
        Assert.Contains("\"TorchSharp/0.100.0\"", assets, StringComparison.Ordinal);
        Assert.Single(
            assets.Split('\n'),
            line =>
                line.Contains("\"TorchSharp/", StringComparison.Ordinal)
                && line.Contains(": {", StringComparison.Ordinal)
                && line.StartsWith("      ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_task_is_in_the_package_as_machine_code_too_and_that_is_what_dotnet_runs()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(Feed.Folder, $"LoraMerge.Build.{Feed.Version}.nupkg"));
        string precompiled = Assert
            .Single(package.Entries, entry => entry.Name == "LoraMerge.Build.dll" && !entry.FullName.Contains("netstandard", StringComparison.Ordinal))
            .FullName;
        using PEReader machineCode = Open(precompiled),
            portable = Open("tasks/netstandard2.0/LoraMerge.Build.dll");

        Assert.NotEqual(0, machineCode.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
        Assert.Equal(0, portable.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
        Assert.Equal(ModuleId(portable), ModuleId(machineCode));

        using TestProject project = TestProject.WithFakeWorker();
        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();
        var tasks = built.Log.FindChildrenRecursive<Microsoft.Build.Logging.StructuredLogger.Task>(task =>
            task.Name is "MergeLoraAdapters" or "PlaceMergedFiles"
        );
        Assert.NotEmpty(tasks);
        Assert.All(tasks, task => Assert.EndsWith(precompiled, task.FromAssembly, StringComparison.Ordinal));

        PEReader Open(string name)
        {
            var content = new MemoryStream();
            using Stream stream = package.GetEntry(name)!.Open();
            stream.CopyTo(content);
            content.Position = 0;
            return new PEReader(content);
        }

        static Guid ModuleId(PEReader file)
        {
            MetadataReader metadata = file.GetMetadataReader();
            return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
        }
    }

    private static Dictionary<string, string> Read(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var reader = new StreamReader(entry.Open());
            return entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal) ? reader.ReadToEnd() : "";
        });
    }

    private static void WritePackage(string path, string id, string version)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using var nuspec = new StreamWriter(archive.CreateEntry($"{id}.nuspec").Open());
        nuspec.Write($"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata><id>{id}</id><version>{version}</version><authors>someone</authors><description>Stands in for the real one.</description></metadata>
            </package>
            """);
    }
}
