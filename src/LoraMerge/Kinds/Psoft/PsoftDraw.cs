namespace LoraMerge.Kinds.Psoft;

/// <summary>How the strongest directions of a weight are found from random ones.</summary>
/// <param name="Seed">What those are drawn from.</param>
/// <param name="Rounds">Times that the weight and its transpose are applied to them.</param>
internal sealed record PsoftDraw(long Seed, int Rounds);
