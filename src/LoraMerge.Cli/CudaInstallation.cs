using System.Diagnostics;
using LoraMerge.Devices;

namespace LoraMerge.Cli;

/// <summary>Publishes the small project that lies beside this program; its package references bring libtorch with CUDA.</summary>
internal static class CudaInstallation
{
    public static async Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        string work = Directory.CreateTempSubdirectory("lora-merge-cuda-").FullName;
        try
        {
            await output.WriteLineAsync($"Installing libtorch with CUDA into {CudaRuntime.InstallFolder} (several GB, once).");
            string project = Path.Combine(work, "LoraMerge.Cuda.csproj");
            File.Copy(Path.Combine(AppContext.BaseDirectory, "cuda", "LoraMerge.Cuda.csproj"), project);
            using Process publish = Process.Start(StartInfo(project, CudaRuntime.InstallFolder))!;
            await publish.WaitForExitAsync(cancellation);
            if (publish.ExitCode != 0)
            {
                await error.WriteLineAsync("The runtime was not installed: see the messages of 'dotnet publish' above.");
                return 1;
            }
            CudaRuntime.MarkComplete();
            await output.WriteLineAsync("Done. LoraMergeDevice=auto and LoraMergeDevice=cuda use it from now on.");
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>The command line that is run; settings of folders above the project must not reach it.</summary>
    internal static ProcessStartInfo StartInfo(string project, string folder)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { UseShellExecute = false };
        foreach (string argument in (string[])["publish", project, "--configuration", "Release", "--output", folder,
            "-p:ImportDirectoryBuildProps=false", "-p:ImportDirectoryBuildTargets=false", "-p:ImportDirectoryPackagesProps=false",
            $"-p:RuntimeIdentifier={(OperatingSystem.IsWindows() ? "win-x64" : "linux-x64")}", $"-p:LoraMergeTorchSharpVersion={TorchVersions.Package}"])
            start.ArgumentList.Add(argument);
        return start;
    }
}
