namespace LoraMerge.Adapters;

/// <summary>Ranks and alphas of an adapter's modules, as configurations of several kinds state them: one for all, and patterns for some.</summary>
/// <param name="Rank"><c>r</c>: the rank where no pattern says otherwise.</param>
/// <param name="Alpha">The same for alpha.</param>
/// <param name="RankPattern">Ranks of modules that a pattern matches.</param>
/// <param name="AlphaPattern">Alphas of modules that a pattern matches.</param>
internal sealed record RankAndAlpha(int Rank, double Alpha, ModulePatternSet<int> RankPattern, ModulePatternSet<double> AlphaPattern)
{
    /// <summary>How they are looked up: by the rule of the release that wrote the file.</summary>
    internal PatternLookup Lookup { get; init; } = PatternLookup.Today;

    /// <summary>The largest rank.</summary>
    public int LargestRank => RankPattern.Select(pattern => pattern.Value).Append(Rank).Max();

    /// <summary>The rank of one module.</summary>
    public int RankOf(string module) => Of(module).Rank;

    /// <summary>Rank and alpha of one module; where keys overlap, those of the first in the file.</summary>
    public (int Rank, double Alpha) Of(string module) => Lookup.Find(this, module).First();

    /// <summary>Alphas that one module of a known rank may have: several where keys overlap, whose order PEFT does not keep. The first holds.</summary>
    public IEnumerable<double> AlphasOf(string module, int rank) => Lookup.Find(this, module, rank).Select(found => found.Alpha);
}
