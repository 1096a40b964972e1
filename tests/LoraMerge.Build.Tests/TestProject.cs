using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace LoraMerge.Build.Tests;

/// <summary>A project of a user, outside the repository, in a folder with a space and an umlaut. Kept where the test fails.</summary>
internal sealed class TestProject : IDisposable
{
    public const string ReadmeItems = """<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/pirate" />""";

    private static readonly TimeSpan s_longestCommand = TimeSpan.FromMinutes(10);

    private readonly bool _usesFake;
    private int _commands;

    private TestProject(bool usesFake, string? parent)
    {
        _usesFake = usesFake;
        Folder = parent is null ? Directory.CreateTempSubdirectory("lora ü ").FullName : Directory.CreateDirectory(Path.Combine(parent, "lora ü")).FullName;
        Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="tests" value="{Feed.Folder}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="repository" value="{Feed.UserPackages}" /></fallbackPackageFolders>
            </configuration>
            """);
        Write("Directory.Build.props", "<Project />");
        Write("Directory.Build.targets", "<Project />");
        Write("Directory.Packages.props", "<Project />");
        Write("Program.cs", "System.Console.WriteLine(\"Ahoy\");");
        CopyFixture("base", "models/base");
        CopyFixture("adapter", "adapters/pirate");
        WriteProject();
    }

    public string Folder { get; }

    /// <summary>The file that a fake worker leaves a line in whenever it starts.</summary>
    private string WorkerLog => PathOf("worker.log");

    /// <summary>The project of the README: one base, one adapter. What merges is a fake without torch.</summary>
    public static TestProject WithFakeWorker(string? parent = null) => new(usesFake: true, parent);

    /// <summary>The same with the packed worker.</summary>
    public static TestProject WithRealWorker(string? parent = null) => new(usesFake: false, parent);

    public string PathOf(string relativePath) => Path.Combine(Folder, relativePath);

    public string ModelPath(string file = "model.safetensors", string framework = "net10.0", string configuration = "Debug") =>
        PathOf($"bin/{configuration}/{framework}/models/base/{file}");

    public string HashOf(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(PathOf(path))));

    public void Write(string relativePath, string text)
    {
        string path = PathOf(relativePath);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Adds a package source to those of the project.</summary>
    public void AddPackageSource(string folder) => EditNuGetConfig("</packageSources>", $"""<add key="{folder}" value="{folder}" /></packageSources>""");

    /// <summary>Puts a source that nothing answers from in place of the one with the packages.</summary>
    public void CutOffPackageSource() => EditNuGetConfig(Feed.Folder, "https://127.0.0.1:1/index.json");

    /// <summary>Writes a project file that references the package.</summary>
    public void WriteProject(
        string items = ReadmeItems,
        string properties = "<TargetFramework>net10.0</TargetFramework>",
        string sdk = "Microsoft.NET.Sdk",
        string privateAssets = "all",
        string file = "App.csproj",
        string? version = null)
    {
        Write(file, $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                {properties}
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="LoraMerge.Build" Version="{version ?? Feed.Version}" PrivateAssets="{privateAssets}" />
                {items}
              </ItemGroup>
            </Project>
            """);
    }

    /// <summary>Writes a project file that knows nothing of the package.</summary>
    public void WritePlainProject(string file, string items, string properties = "")
    {
        Write(file, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                {properties}
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                {items}
              </ItemGroup>
            </Project>
            """);
    }

    /// <summary>
    /// Moves the one project of the folder into a folder below it: where several projects are built, none may have another's sources below itself.
    /// </summary>
    public void MoveProjectTo(string folder)
    {
        Directory.CreateDirectory(PathOf(folder));
        foreach (string file in (string[])["App.csproj", "Program.cs"])
            File.Move(PathOf(file), PathOf(Path.Combine(folder, file)));
        foreach (string inputs in (string[])["models", "adapters"])
            Directory.Move(PathOf(inputs), PathOf(Path.Combine(folder, inputs)));
    }

    /// <summary>Copies a folder of this project's fixtures.</summary>
    public void CopyFixture(string name, string relativePath)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "fixtures", name);
        foreach (string file in Directory.GetFiles(source))
        {
            string target = PathOf(Path.Combine(relativePath, Path.GetFileName(file)));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, File.ReadAllBytes(file));
            // As in a checkout that is older than the build.
            File.SetLastWriteTimeUtc(target, DateTime.UtcNow.AddMinutes(-10));
        }
    }

    /// <summary>Changes one byte of a weight file: the lowest bit of a tensor's last element.</summary>
    public void ChangeWeights(string relativePath)
    {
        string path = PathOf(relativePath);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^2] ^= 64;
        File.WriteAllBytes(path, bytes);
    }

    public Task<BuildResult> BuildAsync(params string[] arguments) => DotnetAsync(["build", "-tl:off", .. arguments]);

    /// <summary>Runs <c>dotnet</c> in the project's folder, or in one below it, and keeps a binary log.</summary>
    public async Task<BuildResult> DotnetAsync(
        string[] arguments,
        Dictionary<string, string>? environment = null,
        Action<Process, string>? onLine = null,
        string folder = ""
    )
    {
        string binaryLog = PathOf($"{Interlocked.Increment(ref _commands)}.binlog");
        return await RunAsync("dotnet", [.. arguments, $"-bl:{binaryLog};ProjectImports=None"], environment, onLine, folder) with { BinaryLog = binaryLog };
    }

    /// <summary>Runs any program in the project's folder, or in one below it, with the environment of a build.</summary>
    public async Task<BuildResult> RunAsync(
        string program,
        string[] arguments,
        Dictionary<string, string>? environment = null,
        Action<Process, string>? onLine = null,
        string folder = ""
    )
    {
        int workersBefore = WorkerLines().Length;
        var output = new StringBuilder();
        using var process = new Process { StartInfo = StartInfo(program, arguments, environment, folder) };
        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return;
            lock (output)
                output.AppendLine(line.Data);
            onLine?.Invoke(process, line.Data);
        }
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(s_longestCommand);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return new BuildResult(process.ExitCode, output.ToString(), _usesFake ? WorkerLines().Length - workersBefore : null);
    }

    /// <summary>A line for every start of the fake worker: its process number and the model's name.</summary>
    public string[] WorkerLines() => File.Exists(WorkerLog) ? File.ReadAllLines(WorkerLog) : [];

    public void Dispose()
    {
        if (TestContext.Current.TestState?.Result != TestResult.Failed)
            Directory.Delete(Folder, recursive: true);
    }

    private void EditNuGetConfig(string old, string replacement) =>
        Write("nuget.config", File.ReadAllText(PathOf("nuget.config")).Replace(old, replacement, StringComparison.Ordinal));

    private ProcessStartInfo StartInfo(string program, string[] arguments, Dictionary<string, string>? environment, string folder)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = PathOf(folder),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        // What the test run itself was started with would reach into the user's build.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["NUGET_PACKAGES"] = Feed.PackageCache;
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["FAKE_WORKER_LOG"] = WorkerLog;
        CommandTemp.Set(start.Environment);
        if (_usesFake)
            start.Environment["LoraMergeWorker"] = Feed.FakeWorker;
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        return start;
    }
}
