namespace LoraMerge.Kinds.UniLora;

/// <summary>All that decides the places of an adapter that does not hold them.</summary>
/// <param name="Seed">Of the generator.</param>
/// <param name="Length">Length of the list.</param>
/// <param name="Count">Numbers of all A and B together.</param>
internal sealed record UniLoraDraw(long Seed, long Length, long Count);
