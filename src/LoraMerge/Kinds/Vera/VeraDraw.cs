using LoraMerge.Safetensors;

namespace LoraMerge.Kinds.Vera;

/// <summary>All that decides the shared matrices of an adapter that does not hold them.</summary>
/// <param name="Seed">Of the generator.</param>
/// <param name="Rank">r.</param>
/// <param name="PartsOfA">How many matrices of r rows lie behind one another in A.</param>
/// <param name="Inputs">The most inputs of a module.</param>
/// <param name="Outputs">The most outputs.</param>
/// <param name="Weight">The dtype of the base's weights, to which the layers round what was drawn.</param>
internal sealed record VeraDraw(long Seed, int Rank, int PartsOfA, long Inputs, long Outputs, DType Weight);
