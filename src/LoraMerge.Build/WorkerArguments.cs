using System.Diagnostics;
using System.Globalization;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Build;

/// <summary>The command line of <c>lora-merge merge</c> for one model, an argument per entry.</summary>
internal static class WorkerArguments
{
    /// <param name="request">The model.</param>
    /// <param name="settings">What holds for all models of the project.</param>
    /// <param name="store">Where the model goes.</param>
    /// <param name="statePath">The model's state file.</param>
    /// <param name="runtimeFolder">The folder with libtorch.</param>
    /// <param name="newerThanTicks">A merge that ended earlier is repeated; null where any will do.</param>
    public static List<string> Of(ModelRequest request, ProjectSettings settings, ModelStore store, string statePath, string runtimeFolder, long? newerThanTicks)
    {
        List<string> arguments = [Argument("--name", request.Name), Argument("--base", request.BasePath)];
        AddIfGiven(arguments, "--base-version", request.Options.BaseVersion);
        for (int i = 0; i < request.AdapterPaths.Count; i++)
        {
            AdapterOptions adapter = request.Options.Adapters[i];
            string number = Text(i + 1);
            arguments.Add(Argument("--adapter", $"{request.AdapterPaths[i]}={adapter.Weight.ToString("R", CultureInfo.InvariantCulture)}"));
            AddIfGiven(arguments, "--adapter-version", adapter.Version, number);
            AddIfGiven(arguments, "--base-range", adapter.BaseRange, number);
            AddIfGiven(arguments, "--adapter-release", adapter.Release, number);
            if (adapter.ExpertLayout != "peft")
                AddIfGiven(arguments, "--expert-layout", adapter.ExpertLayout, number);
        }
        arguments.AddRange([Argument("--dtype", request.Options.DType), Argument("--combine", request.Options.Combine)]);
        AddIfGiven(arguments, "--density", request.Options.Density);
        if (request.Options.MajoritySign != "total")
            AddIfGiven(arguments, "--majority-sign", request.Options.MajoritySign);
        AddIfGiven(arguments, "--svd-rank", request.Options.SvdRank);
        AddIfGiven(arguments, "--max-shard-size", request.Options.MaxShardSize);
        arguments.AddRange([Argument("--device", settings.Device), Argument("--verify", settings.Verify), Argument("--on-unmatched", settings.OnUnmatched)]);
        AddIfGiven(arguments, "--threads", settings.Threads is { } threads ? Text(threads) : null);
        AddIfGiven(arguments, "--max-memory", settings.MaxMemory);
        arguments.AddRange([Argument("--runtime", runtimeFolder), Argument("--store", store.Path), Argument("--state", statePath)]);
        AddIfGiven(arguments, "--store-max-size", settings.CacheMaxSize);
        AddIfGiven(arguments, "--newer-than", newerThanTicks is { } ticks ? Text(ticks) : null);
        return arguments;
    }

    /// <summary>Lets the worker end itself when the build that started it is gone. Not part of the line that is repeated in a shell.</summary>
    public static List<string> OfParent()
    {
        using Process self = Process.GetCurrentProcess();
        return [Argument("--parent-pid", Text(self.Id))];
    }

    private static void AddIfGiven(List<string> arguments, string option, string? value, string? number = null)
    {
        if (value is not null)
            arguments.Add(Argument(option, number is null ? value : $"{number}={value}"));
    }

    /// <summary>One word, so that a value stays one, also where it is spelled like an option.</summary>
    private static string Argument(string option, string value) => $"{option}={value}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
