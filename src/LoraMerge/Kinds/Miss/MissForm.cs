namespace LoraMerge.Kinds.Miss;

/// <summary>What becomes of the trained block M of a module.</summary>
internal enum MissForm
{
    /// <summary>M <c>[r, out]</c>, repeated over the inputs.</summary>
    Repeated,

    /// <summary>M <c>[r, mini_r]</c>, repeated over inputs and outputs (<c>mini</c>).</summary>
    Small,

    /// <summary>M <c>[out/r, r, r]</c>, which mixes the weight's own blocks (<c>bat</c>).</summary>
    Mixed,
}
