using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>One way in which PEFT found rank and alpha of a module in <c>rank_pattern</c> and <c>alpha_pattern</c>.</summary>
/// <remarks>PEFT, <c>_create_and_replace</c> of <c>tuners/lora/model.py</c> up to 0.13, <c>get_pattern_key</c> of <c>utils/other.py</c> since 0.14.</remarks>
internal sealed class PatternLookup
{
    private static readonly ConcurrentDictionary<string, Regex> Expressions = new(StringComparer.Ordinal);

    private readonly Func<RankAndAlpha, string, IEnumerable<(int Rank, double Alpha)>> _find;

    private PatternLookup(string name, VersionRange releases, Func<RankAndAlpha, string, IEnumerable<(int Rank, double Alpha)>> find)
    {
        Name = name;
        Releases = releases;
        _find = find;
    }

    /// <summary>Since 0.15: both dictionaries apart, a key matched as a whole, at the start of a path or after a dot.</summary>
    public static PatternLookup Today { get; } = new("PEFT 0.15 and later", VersionRange.Parse("[0.15.0,)"), (config, module) => FindApart(config, module, Bracketed, isNameLast: false));

    /// <summary>All, the oldest first. Up to 0.13 one pattern key, the first that matches among rank keys and then alpha keys, gave a module both its rank and its alpha; 0.14 looked them up apart and put no brackets around a key.</summary>
    public static ImmutableArray<PatternLookup> All { get; } =
    [
        new("PEFT up to 0.13", VersionRange.Parse("(,0.14.0)"), (config, module) => FindTogether(config, module, Unbracketed, module)),
        new("PEFT 0.14", VersionRange.Parse("[0.14.0,0.15.0)"), (config, module) => FindApart(config, module, Unbracketed, isNameLast: true)),
        Today,
    ];

    /// <summary>The same for kinds whose first releases matched a name without a parent, too, and knew a module that no key matched by the last part of its path (<c>lycoris_utils.py</c>).</summary>
    public static ImmutableArray<PatternLookup> AllOfLycoris { get; } =
    [
        new("PEFT up to 0.13", VersionRange.Parse("(,0.14.0)"), (config, module) => FindTogether(config, module, WithoutParent, module.Split('.')[^1])),
        .. All[1..],
    ];

    /// <summary>How messages call it.</summary>
    public string Name { get; }

    /// <summary>The releases that looked up so.</summary>
    public VersionRange Releases { get; }

    /// <summary>What a module may have had, for any order of the keys; first what it had if they were in the order of the file.</summary>
    /// <remarks>The first key that matches won, but PEFT sorts the keys when it saves them, so that the order of training is lost.</remarks>
    public IEnumerable<(int Rank, double Alpha)> Find(RankAndAlpha config, string module) => _find(config, module);

    private static IEnumerable<(int Rank, double Alpha)> FindApart(RankAndAlpha config, string module, Func<string, string> expression, bool isNameLast)
    {
        int[] ranks = Values(config.RankPattern, module, config.Rank, expression, isNameLast);
        double[] alphas = Values(config.AlphaPattern, module, config.Alpha, expression, isNameLast);
        return ranks.SelectMany(rank => alphas.Select(alpha => (rank, alpha)));
    }

    private static IEnumerable<(int Rank, double Alpha)> FindTogether(RankAndAlpha config, string module, Func<string, string> expression, string otherwise)
    {
        string[] keys = [.. config.RankPattern.Select(pattern => pattern.Key).Where(key => IsMatch(expression(key), module))];
        if (keys.Length == 0)
            keys = [.. config.AlphaPattern.Select(pattern => pattern.Key).Where(key => IsMatch(expression(key), module))];
        if (keys.Length == 0)
            keys = [otherwise];
        return keys.Select(key => (ValueOf(config.RankPattern, key, config.Rank), ValueOf(config.AlphaPattern, key, config.Alpha)));
    }

    private static T[] Values<T>(ImmutableArray<ModulePattern<T>> patterns, string module, T otherwise, Func<string, string> expression, bool isNameLast)
    {
        T[] hits = [.. patterns.Where(pattern => IsMatch(expression(pattern.Key), module)).Select(pattern => pattern.Value)];
        if (hits.Length > 0)
            return hits;
        return [isNameLast ? ValueOf(patterns, module, otherwise) : otherwise];
    }

    private static T ValueOf<T>(ImmutableArray<ModulePattern<T>> patterns, string key, T otherwise) =>
        patterns.FirstOrDefault(pattern => pattern.Key == key) is { } hit ? hit.Value : otherwise;

    private static string Bracketed(string key) => ModulePattern.Bracketed(key);

    /// <summary>Without brackets, so that <c>a|b</c> reads as <c>(.*\.a)|(b$)</c>, and a name without a parent never matches.</summary>
    private static string Unbracketed(string key) => $@"\A(?:.*\.{ModulePattern.FromPython(key)}$)";

    private static string WithoutParent(string key) => $@"\A(?:(?:.*\.)?{ModulePattern.FromPython(key)}$)";

    private static bool IsMatch(string expression, string module)
    {
        try
        {
            return Expressions.GetOrAdd(expression, text => new Regex(text, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))).IsMatch(module);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw Errors.AdapterPatternTooSlow(expression, module, e);
        }
    }
}
