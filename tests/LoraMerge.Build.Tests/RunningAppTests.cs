using System.Diagnostics;

namespace LoraMerge.Build.Tests;

public sealed class RunningAppTests
{
    [Fact]
    public async Task A_running_app_keeps_the_bytes_that_it_has_mapped()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There a mapped file cannot be replaced; the build says so.");
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", """
            using System.IO.MemoryMappedFiles;
            using System.Security.Cryptography;
            using var file = MemoryMappedFile.CreateFromFile(Path.Combine(AppContext.BaseDirectory,
                "models/base/model.safetensors"), FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            using var bytes = file.CreateViewStream(0, new FileInfo(Path.Combine(AppContext.BaseDirectory,
                "models/base/model.safetensors")).Length, MemoryMappedFileAccess.Read);
            Console.WriteLine("mapped");
            Console.ReadLine();
            Console.WriteLine(Convert.ToHexString(SHA256.HashData(bytes)));
            """);
        project.WriteProject(properties: "<TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>");
        (await project.BuildAsync()).ThrowIfFailed();
        string before = project.HashOf(project.ModelPath());
        using Process app = Process.Start(
            new ProcessStartInfo("dotnet", [project.PathOf("bin/Debug/net10.0/App.dll")]) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
        Assert.Equal("mapped", await app.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        await app.StandardInput.WriteLineAsync();
        string? mapped = await app.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        await app.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, changed.Merges);
        Assert.Equal(before, mapped);
        Assert.NotEqual(before, project.HashOf(project.ModelPath()));
    }
}
