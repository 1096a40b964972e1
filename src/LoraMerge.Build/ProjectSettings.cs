using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraMerge.Build;

/// <summary>The properties that hold for all merged models of a project, checked.</summary>
/// <param name="Device"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
/// <param name="Threads">Null: every processor.</param>
/// <param name="MaxMemory">Null: the worker decides.</param>
/// <param name="Verify"><c>none</c>, <c>written</c> or <c>full</c>.</param>
/// <param name="OnUnmatched"><c>error</c> or <c>warn</c>.</param>
/// <param name="CacheMaxSize">Null: the store may grow.</param>
internal sealed record ProjectSettings(string Device, int? Threads, string? MaxMemory, string Verify, string OnUnmatched, string? CacheMaxSize)
{
    /// <summary>More than any machine has; the worker takes no more.</summary>
    private const int MostThreads = 1024;

    /// <summary>In thousands where the worker counts in 1024s, so with room for the difference below what it can hold.</summary>
    private const double LargestByteCount = 2e18;

    /// <summary>What MSBuild's conditions, which use these properties, take for a boolean.</summary>
    private static readonly string[] s_switchWords = ["true", "false", "yes", "no", "on", "off"];

    /// <summary>A size from one byte to what a file system can hold, in words that the worker reads as well.</summary>
    public static bool IsByteCount(string text)
    {
        // Made only where it is needed: a build with nothing to do should not wait for it.
        Match match = Regex.Match(text, @"^(?<number>[0-9]+(\.[0-9]+)?)\s*(?<unit>[KMGT]i?B|B)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        if (!match.Success)
            return false;
        int power = "KMGT".IndexOf(char.ToUpperInvariant((match.Groups["unit"].Value + " ")[0])) + 1;
        double bytes = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * Math.Pow(1000, power);
        return bytes is >= 1 and < LargestByteCount;
    }

    public static ProjectSettings Read(MergeLoraAdapters task, FaultLog faults)
    {
        CheckSwitch("LoraMergeEnabled", task.Enabled, faults);
        CheckSwitch("LoraMergePublish", task.Publish, faults);
        CheckSwitch("LoraMergeUseHardLinks", task.UseHardLinks, faults);

        string device = (task.Device ?? "auto").Trim().ToLowerInvariant();
        if (device is not ("auto" or "cpu" or "cuda") && !Regex.IsMatch(device, @"^cuda:\d{1,3}$", RegexOptions.CultureInvariant))
            faults.Error(null, BuildErrors.UnknownValue("LoraMergeDevice", task.Device!, "auto", "cpu", "cuda", "cuda:N"));

        int? threads = null;
        if (task.Threads is { Length: > 0 })
        {
            threads = int.TryParse(task.Threads.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MostThreads ? count : null;
            if (threads is null)
                faults.Error(null, BuildErrors.InvalidCount("LoraMergeThreads", task.Threads));
        }

        return new ProjectSettings(device, threads, ByteCount("LoraMergeMaxMemory", task.MaxMemory, faults),
            OneOf("LoraMergeVerify", task.Verify, "none", ["none", "written", "full"], faults),
            OneOf("LoraMergeOnUnmatched", task.OnUnmatched, "error", ["error", "warn"], faults),
            ByteCount("LoraMergeCacheMaxSize", task.CacheMaxSize, faults));
    }

    private static void CheckSwitch(string name, string? value, FaultLog faults)
    {
        if (value is { Length: > 0 } && !s_switchWords.Contains(value.Trim(), StringComparer.OrdinalIgnoreCase))
            faults.Error(null, BuildErrors.UnknownValue(name, value, "true", "false"));
    }

    private static string? ByteCount(string name, string? value, FaultLog faults)
    {
        if (value is not { Length: > 0 })
            return null;
        if (!IsByteCount(value.Trim()))
            faults.Error(null, BuildErrors.InvalidByteCount(name, value));
        return value.Trim();
    }

    private static string OneOf(string name, string? value, string byDefault, string[] known, FaultLog faults)
    {
        if (value is not { Length: > 0 })
            return byDefault;
        if (known.FirstOrDefault(word => word.Equals(value.Trim(), StringComparison.OrdinalIgnoreCase)) is { } found)
            return found;
        faults.Error(null, BuildErrors.UnknownValue(name, value, known));
        return byDefault;
    }
}
