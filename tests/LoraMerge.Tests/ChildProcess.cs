using System.Diagnostics;

namespace LoraMerge.Tests;

/// <summary>A program that a test started and waited for.</summary>
internal sealed record ChildProcess(int ExitCode, string Output, string Error)
{
    /// <summary>The built command line, as it lies beside the tests.</summary>
    public static string[] LoraMerge { get; } = ["dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "lora-merge.dll")];

    /// <summary>The command that merges a bench's inputs into its output.</summary>
    public static string[] MergeOf(Workbench bench) =>
        [.. LoraMerge, "merge", "--base", bench.Base, "--adapter", bench.Adapter, "--output", bench.OutputPath, "--device", "cpu"];

    /// <summary>The command that merges a bench's inputs into a store, as a build does.</summary>
    public static string[] MergeInto(string store, Workbench bench) =>
    [
        .. LoraMerge, "merge", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu",
        "--store", store, "--state", Path.Combine(bench.Folder, "base.state"),
    ];

    public static async Task<ChildProcess> Run(params string[] command)
    {
        using Process process = Start(command);
        return await WaitFor(process);
    }

    public static Process Start(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    public static async Task<ChildProcess> WaitFor(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new ChildProcess(process.ExitCode, await output, await error);
    }

    /// <summary>Skips the test unless a command ends well, as on systems that lack it or forbid it.</summary>
    public static async Task SkipUnless(string reason, params string[] command)
    {
        bool isPossible;
        try
        {
            isPossible = (await Run(command)).ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            isPossible = false;
        }
        Assert.SkipUnless(isPossible, reason);
    }
}
