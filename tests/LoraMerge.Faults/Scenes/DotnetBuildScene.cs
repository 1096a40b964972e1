using System.Diagnostics;
using System.Text;

namespace LoraMerge.Faults.Scenes;

/// <summary><c>dotnet build</c> of a project: MSBuild, both tasks and the worker. Only calls for what belongs to models count.</summary>
internal sealed class DotnetBuildScene : Scene
{
    private const string MarkExtension = ".entry";
    private const string Output = "bin/Debug/net10.0";
    private const string Placed = Output + "/models/base";

    private readonly bool _isOver;

    private DotnetBuildScene(string name, bool isOver)
    {
        Name = name;
        _isOver = isOver;
    }

    public static IReadOnlyList<Func<Scene>> All { get; } =
    [
        () => new DotnetBuildScene("dotnet-build", isOver: false),
        () => new DotnetBuildScene("dotnet-build-over", isOver: true),
    ];

    public override string Name { get; }

    public override int Stride => 23;

    public override string WrittenFolder => Output;

    protected override IReadOnlyList<string> Foreign => [Placed + "/mine.txt", Output + "/models/notes.txt", "obj/lora/notes.txt"];

    protected override IReadOnlyList<string> CountedParts => ["/obj/lora", ".lora.", Output + "/models"];

    public override IEnumerable<ModelPlace> PlacesIn(FolderState state) =>
    [
        new ModelPlace(Placed, Placed + "/lora-merge.json"),
        .. state.Paths.Where(path => path.EndsWith(MarkExtension, StringComparison.Ordinal))
            .Select(mark => new ModelPlace(mark[..^MarkExtension.Length], mark)),
    ];

    public override Outcome RunIn(string root) => RunProcess();

    /// <summary>What is no model's is MSBuild's, which writes it anew whenever it likes.</summary>
    public override bool IsVolatile(string path) =>
        !path.Contains("/models/", StringComparison.Ordinal)
        && (!path.Contains("/lora/", StringComparison.Ordinal) || Path.GetExtension(path) is MarkExtension or ".use");

    public override bool IsSpokenOf(ModelPlace place) => place.Folder == Placed;

    /// <inheritdoc cref="BuildScene.MayOutlive"/>
    public override bool MayOutlive(string path) => path.StartsWith("obj/lora/base-", StringComparison.Ordinal);

    public override bool MayStay(string path) => IsVolatile(path) || path.EndsWith("/.lora-merge.lock", StringComparison.Ordinal);

    protected override void Build()
    {
        TinyInputs.WriteTo(Root);
        File.WriteAllText(Path.Combine(Root, "App.csproj"), Project(), Encoding.UTF8);
        File.WriteAllText(Path.Combine(Root, "Program.cs"), "System.Console.WriteLine();");
        File.WriteAllText(Path.Combine(Root, "nuget.config"), "<configuration><packageSources><clear /></packageSources></configuration>");
        foreach (string file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            File.WriteAllText(Path.Combine(Root, file), "<Project />");
        TakeAdapter("first");
        Execute("dotnet", "restore", "-v:q", Path.Combine(Root, "App.csproj"));
        Execute("dotnet", [.. Command(Root)[1..], "-p:LoraMergeEnabled=" + (_isOver ? "true" : "false")]);
        TakeAdapter("second");
    }

    protected override string[] Command(string root) =>
        ["dotnet", "build", "--no-restore", "-tl:off", "-v:m", "-nodeReuse:false", "-p:UseSharedCompilation=false", Path.Combine(root, "App.csproj")];

    protected override void Configure(ProcessStartInfo start)
    {
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_NOLOGO"] = "1";
    }

    private void TakeAdapter(string name)
    {
        string adapter = Path.Combine(Root, "adapter");
        if (Directory.Exists(adapter))
            Directory.Delete(adapter, recursive: true);
        Execute("cp", "-a", Path.Combine(Root, name), adapter);
    }

    /// <summary>As a user's, but for the package: its files lie beside this program.</summary>
    private static string Project()
    {
        string here = AppContext.BaseDirectory;
        return $"""
            <Project>
              <Import Sdk="Microsoft.NET.Sdk" Project="Sdk.props" />
              <Import Project="{here}build/LoraMerge.Build.props" />
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <UseAppHost>false</UseAppHost>
                <LoraMergeDevice>cpu</LoraMergeDevice>
                <LoraMergeTasksAssembly>{here}LoraMerge.Build.dll</LoraMergeTasksAssembly>
                <LoraMergeWorker>{here}lora-merge.dll</LoraMergeWorker>
                <LoraMergeRuntime_linux_x64>{Natives.Folder}</LoraMergeRuntime_linux_x64>
              </PropertyGroup>
              <ItemGroup>
                <LoraBaseModel Include="base" />
                <LoraAdapter Include="adapter" />
              </ItemGroup>
              <Import Sdk="Microsoft.NET.Sdk" Project="Sdk.targets" />
              <Import Project="{here}build/LoraMerge.Build.targets" />
            </Project>
            """;
    }
}
