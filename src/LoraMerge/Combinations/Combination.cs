namespace LoraMerge.Combinations;

/// <summary>How several adapters become one change of the base.</summary>
/// <param name="Way">One after another, or one of PEFT's ways to make one adapter of several.</param>
public sealed record Combination(CombinationWay Way)
{
    /// <summary>One after another: the sum of what each adapter was trained to do, times its weight.</summary>
    public static Combination Sequential { get; } = new(CombinationWay.Sequential);

    /// <summary>The share of elements that ways which prune keep; null where none was asked for.</summary>
    public Density? Density { get; init; }

    /// <summary>How the ways that elect a sign count.</summary>
    public MajoritySign MajoritySign { get; init; }

    /// <summary>Largest rank of the result of the ways that end in an SVD; null for the largest rank of the adapters.</summary>
    public int? SvdRank { get; init; }

    /// <summary>For people: <c>ties, density 0.5, majority sign total</c>.</summary>
    public override string ToString()
    {
        List<string> parts = [Way.Text];
        if (Way.Prunes && Density is not null)
            parts.Add("density " + Density.Text);
        if (Way.ElectsSigns)
            parts.Add("majority sign " + MajoritySign.Text);
        if (Way.EndsInSvd && SvdRank is int rank)
            parts.Add("rank " + rank.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return string.Join(", ", parts);
    }
}
