using System.Collections.Immutable;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>One way in which PEFT found rank and alpha of a module in <c>rank_pattern</c> and <c>alpha_pattern</c>.</summary>
/// <remarks>PEFT, <c>_create_and_replace</c> of <c>tuners/lora/model.py</c> up to 0.13, <c>get_pattern_key</c> of <c>utils/other.py</c> since 0.14.</remarks>
internal sealed class PatternLookup
{
    private readonly Func<RankAndAlpha, string, int?, IEnumerable<(int Rank, double Alpha)>> _find;

    private PatternLookup(string name, VersionRange releases, Func<RankAndAlpha, string, int?, IEnumerable<(int Rank, double Alpha)>> find)
    {
        Name = name;
        Releases = releases;
        _find = find;
    }

    /// <summary>Since 0.15: both dictionaries apart, a key matched as a whole, at the start of a path or after a dot.</summary>
    public static PatternLookup Today { get; } =
        new(
            "PEFT 0.15 and later",
            VersionRange.Parse("[0.15.0,)"),
            (config, module, rank) => FindApart(config, module, rank, PatternForm.Bracketed, isNameLast: false)
        );

    /// <summary>
    /// All, the oldest first. Up to 0.13 one pattern key, the first that matches among rank keys and then alpha keys, gave a module both its rank and its
    /// alpha; 0.14 looked them up apart and put no brackets around a key.
    /// </summary>
    public static ImmutableArray<PatternLookup> All { get; } =
    [
        new("PEFT up to 0.13", VersionRange.Parse("(,0.14.0)"), (config, module, rank) => FindTogether(config, module, rank, PatternForm.Unbracketed, module)),
        new(
            "PEFT 0.14",
            VersionRange.Parse("[0.14.0,0.15.0)"),
            (config, module, rank) => FindApart(config, module, rank, PatternForm.Unbracketed, isNameLast: true)
        ),
        Today,
    ];

    /// <summary>
    /// The same for kinds whose first releases matched a name without a parent, too, and knew a module that no key matched by the last part of its path
    /// (<c>lycoris_utils.py</c>).
    /// </summary>
    public static ImmutableArray<PatternLookup> AllOfLycoris { get; } =
    [
        new(
            "PEFT up to 0.13",
            VersionRange.Parse("(,0.14.0)"),
            (config, module, rank) => FindTogether(config, module, rank, PatternForm.UnbracketedOrAlone, module.Split('.')[^1])
        ),
        .. All[1..],
    ];

    /// <summary>How messages call it.</summary>
    public string Name { get; }

    /// <summary>The releases that looked up so.</summary>
    public VersionRange Releases { get; }

    /// <summary>What a module may have had, for any order of the keys; first what it had if they were in the order of the file.</summary>
    /// <param name="config">Ranks and alphas as the configuration states them.</param>
    /// <param name="module">The module.</param>
    /// <param name="rank">The rank that it has, where that is known.</param>
    /// <remarks>The first key that matches won, but PEFT sorts the keys when it saves them, so that the order of training is lost.</remarks>
    public IEnumerable<(int Rank, double Alpha)> Find(RankAndAlpha config, string module, int? rank = null) => _find(config, module, rank);

    private static IEnumerable<(int Rank, double Alpha)> FindApart(RankAndAlpha config, string module, int? rank, PatternForm form, bool isNameLast)
    {
        int[] ranks = [.. Values(config.RankPattern, module, config.Rank, form, isNameLast).Where(value => value == (rank ?? value))];
        double[] alphas = [.. Values(config.AlphaPattern, module, config.Alpha, form, isNameLast)];
        return ranks.SelectMany(value => alphas.Select(alpha => (value, alpha)));
    }

    private static IEnumerable<(int Rank, double Alpha)> FindTogether(RankAndAlpha config, string module, int? rank, PatternForm form, string otherwise)
    {
        string[] keys = [.. config.RankPattern.Matching(module, form).Select(pattern => pattern.Key)];
        if (keys.Length == 0)
            keys = [.. config.AlphaPattern.Matching(module, form).Select(pattern => pattern.Key)];
        if (keys.Length == 0)
            keys = [otherwise];
        return keys.Select(key => (Rank: ValueOf(config.RankPattern, key, config.Rank), Alpha: ValueOf(config.AlphaPattern, key, config.Alpha)))
            .Where(found => found.Rank == (rank ?? found.Rank));
    }

    /// <summary>The values of the keys that match, each once, the first first.</summary>
    private static IEnumerable<T> Values<T>(ModulePatternSet<T> patterns, string module, T otherwise, PatternForm form, bool isNameLast) =>
        patterns
            .Matching(module, form)
            .Select(pattern => pattern.Value)
            .Distinct()
            .DefaultIfEmpty(isNameLast ? ValueOf(patterns, module, otherwise) : otherwise);

    private static T ValueOf<T>(ModulePatternSet<T> patterns, string key, T otherwise) => patterns.TryFind(key, out T? value) ? value : otherwise;
}
