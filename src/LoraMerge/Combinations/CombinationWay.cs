namespace LoraMerge.Combinations;

/// <summary>The ways to combine adapters: one after another, and those of PEFT's <c>add_weighted_adapter</c> (<c>combination_type</c>).</summary>
public enum CombinationWay
{
    /// <summary>Each adapter's own change, times its weight, one after another.</summary>
    Sequential,

    /// <summary>The A's are summed, and the B's are.</summary>
    Linear,

    /// <summary>All A's below, all B's beside each other: the exact sum of the changes.</summary>
    Cat,

    /// <summary>The sum of the products, cut to a rank.</summary>
    Svd,

    /// <summary>TIES on the A's and on the B's: prune by magnitude, elect signs, average what agrees.</summary>
    Ties,

    /// <summary>TIES on the products, cut to a rank.</summary>
    TiesSvd,

    /// <summary>DARE on the A's and on the B's: drop at random, rescale, sum.</summary>
    DareLinear,

    /// <summary>DARE's pruning, then TIES' election, on the A's and on the B's.</summary>
    DareTies,

    /// <summary>DARE on the products, cut to a rank.</summary>
    DareLinearSvd,

    /// <summary>DARE's pruning, then TIES' election, on the products, cut to a rank.</summary>
    DareTiesSvd,

    /// <summary>The largest elements of the A's are summed, and those of the B's.</summary>
    MagnitudePrune,

    /// <summary>The largest elements of the products are summed and cut to a rank.</summary>
    MagnitudePruneSvd,
}

/// <summary>How the sign of an element is elected among adapters.</summary>
public enum MajoritySign
{
    /// <summary>The sign of the sum.</summary>
    Total,

    /// <summary>The sign that more adapters have.</summary>
    Frequency,
}
