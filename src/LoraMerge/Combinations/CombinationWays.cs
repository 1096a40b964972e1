using System.Collections.Frozen;

namespace LoraMerge.Combinations;

/// <summary>What is known of each way: its name on the command line, which is PEFT's, and what it asks for.</summary>
internal static class CombinationWays
{
    private static readonly FrozenDictionary<string, CombinationWay> s_byName = new Dictionary<string, CombinationWay>
    {
        ["sequential"] = CombinationWay.Sequential,
        ["linear"] = CombinationWay.Linear,
        ["cat"] = CombinationWay.Cat,
        ["svd"] = CombinationWay.Svd,
        ["ties"] = CombinationWay.Ties,
        ["ties_svd"] = CombinationWay.TiesSvd,
        ["dare_linear"] = CombinationWay.DareLinear,
        ["dare_ties"] = CombinationWay.DareTies,
        ["dare_linear_svd"] = CombinationWay.DareLinearSvd,
        ["dare_ties_svd"] = CombinationWay.DareTiesSvd,
        ["magnitude_prune"] = CombinationWay.MagnitudePrune,
        ["magnitude_prune_svd"] = CombinationWay.MagnitudePruneSvd,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<CombinationWay, string> s_names = s_byName.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    public static bool TryParse(string text, out CombinationWay way) => s_byName.TryGetValue(text, out way);

    public static bool TryParse(string text, out MajoritySign sign)
    {
        sign = text == "frequency" ? MajoritySign.Frequency : MajoritySign.Total;
        return text is "total" or "frequency";
    }

    extension(CombinationWay way)
    {
        /// <summary>The name on the command line.</summary>
        public string Text => s_names[way];

        /// <summary>Whether it keeps a share of the elements only, and so asks for a density.</summary>
        public bool Prunes =>
            way.PrunesAtRandom || way is CombinationWay.Ties or CombinationWay.TiesSvd or CombinationWay.MagnitudePrune or CombinationWay.MagnitudePruneSvd;

        /// <summary>Whether it draws the elements that it keeps.</summary>
        public bool PrunesAtRandom => way is CombinationWay.DareLinear or CombinationWay.DareTies or CombinationWay.DareLinearSvd or CombinationWay.DareTiesSvd;

        public bool ElectsSigns => way is CombinationWay.Ties or CombinationWay.TiesSvd or CombinationWay.DareTies or CombinationWay.DareTiesSvd;

        public bool EndsInSvd => way == CombinationWay.Svd || way.NeedsWholeProducts;

        /// <summary>Whether it works element by element on B·A, which is as large as the weight, and not on low-rank factors.</summary>
        public bool NeedsWholeProducts =>
            way is CombinationWay.TiesSvd or CombinationWay.DareLinearSvd or CombinationWay.DareTiesSvd or CombinationWay.MagnitudePruneSvd;

        /// <summary>Whether it works element by element on A and on B, which then have to be of one shape.</summary>
        public bool NeedsEqualRanks => way is not (CombinationWay.Sequential or CombinationWay.Cat) && !way.EndsInSvd;
    }

    extension(MajoritySign sign)
    {
        /// <summary>The name on the command line.</summary>
        public string Text => sign == MajoritySign.Frequency ? "frequency" : "total";
    }
}
