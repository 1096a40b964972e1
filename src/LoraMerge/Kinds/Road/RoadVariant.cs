namespace LoraMerge.Kinds.Road;

/// <summary>How many angles and lengths there are.</summary>
internal enum RoadVariant
{
    /// <summary><c>road_1</c>: one of each for both outputs of a pair.</summary>
    PerPair,

    /// <summary><c>road_2</c>: one of each for every output.</summary>
    PerOutput,

    /// <summary><c>road_4</c>: two of each for every output, the first for its own part and the second for its partner's.</summary>
    TwicePerOutput,
}
