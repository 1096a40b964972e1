using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>How PEFT before 0.15 looked patterns up: where that gives another alpha, the file alone does not tell what was trained.</summary>
internal static class OldPatternRules
{
    /// <summary>Whether a release before 0.15 would have trained this module with another alpha than today's rule gives.</summary>
    public static bool Disagree(LoraConfig config, string module)
    {
        if (config.AlphaPattern.IsEmpty)
            return false;
        double today = ModulePattern.Find(config.AlphaPattern, module, config.Alpha);
        return SeparateLookup(config, module) != today || (!config.RankPattern.IsEmpty && JointLookup(config, module) != today);
    }

    /// <summary>0.14: each dictionary alone, the key without brackets behind <c>.*\.</c>; else a key that is the whole name.</summary>
    private static double SeparateLookup(LoraConfig config, string module) =>
        AlphaOf(config, config.AlphaPattern.Select(pattern => pattern.Pattern).FirstOrDefault(key => Matches(key, module)) ?? module);

    /// <summary>0.6 to 0.13: one key, the first that matches among rank keys and then alpha keys, serves both dictionaries.</summary>
    private static double JointLookup(LoraConfig config, string module) =>
        AlphaOf(config, config.RankPattern.Select(pattern => pattern.Pattern).Concat(config.AlphaPattern.Select(pattern => pattern.Pattern))
            .FirstOrDefault(key => Matches(key, module)) ?? module);

    private static double AlphaOf(LoraConfig config, string key) =>
        config.AlphaPattern.FirstOrDefault(pattern => pattern.Pattern == key) is { } hit ? hit.Value : config.Alpha;

    private static bool Matches(string key, string module)
    {
        try
        {
            return Regex.IsMatch(module, $@"\A(?:.*\.{ModulePattern.FromPython(key)}$)", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (RegexMatchTimeoutException e)
        {
            throw Errors.AdapterPatternTooSlow(key, module, e);
        }
    }
}
