using System.Diagnostics;

namespace LoraMerge.Hub.Tests;

/// <summary>The real command line as a process of its own, in the environment of a bench.</summary>
internal sealed record HubProcess(int ExitCode, string Output, string Error)
{
    private static readonly string[] s_variables =
    [
        "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    ];

    public static async Task<HubProcess> Run(HubBench bench, params string[] arguments)
    {
        using Process process = Start(bench, arguments);
        return await WaitFor(process);
    }

    public static Process Start(HubBench bench, params string[] arguments) => Start(bench, [], arguments);

    /// <param name="bench">Whose environment.</param>
    /// <param name="before">A command that starts the command line.</param>
    /// <param name="arguments">Those of the command line.</param>
    public static Process Start(HubBench bench, string[] before, params string[] arguments)
    {
        string[] command = [.. before, "dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "lora-merge.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = bench.Home,
        };
        foreach (string name in s_variables)
            start.Environment.Remove(name);
        foreach ((string name, string value) in bench.Variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public static async Task<HubProcess> WaitFor(Process process)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), error = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return new HubProcess(process.ExitCode, await output, await error);
    }
}
