using LoraMerge.Safetensors;

namespace LoraMerge.Kinds.RandLora;

/// <summary>All that decides the shared matrices of an adapter that does not hold them.</summary>
/// <param name="Seed">Of the generator.</param>
/// <param name="Bases">How they are drawn.</param>
/// <param name="Rank">r.</param>
/// <param name="Smaller">The smaller of the most outputs and the most inputs of a module.</param>
/// <param name="Larger">The larger of them.</param>
/// <param name="Weight">The dtype of the base's weights, to which the layers round what was drawn.</param>
internal sealed record RandLoraDraw(long Seed, RandLoraBases Bases, int Rank, long Smaller, long Larger, DType Weight)
{
    /// <summary>As many products of rank r as make full rank.</summary>
    public long Products => (Smaller + Rank - 1) / Rank;
}
