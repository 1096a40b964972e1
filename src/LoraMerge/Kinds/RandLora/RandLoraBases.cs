namespace LoraMerge.Kinds.RandLora;

/// <summary>How the shared random matrices are drawn.</summary>
internal enum RandLoraBases
{
    /// <summary>Every number by itself.</summary>
    Dense,

    /// <summary>-1, 0 and 1, of which two thirds are 0.</summary>
    Sparse,

    /// <summary>-1, 0 and 1, of which all but one in √(smaller side) are 0.</summary>
    VerySparse,
}
