using LoraMerge.Adapters;
using LoraMerge.Combinations;

namespace LoraMerge.Planning;

/// <summary>What the user asked of the result.</summary>
/// <param name="DType">Element type of the result.</param>
/// <param name="MaxShardSize">Largest weight file in bytes; null to keep the base's files.</param>
/// <param name="AcceptsUnmatched">Whether adapter tensors without a place in the base are a warning instead of an error.</param>
internal sealed record PlanOptions(OutputDType DType, long? MaxShardSize, bool AcceptsUnmatched)
{
    /// <summary>Whether a quantised base stays so.</summary>
    public bool KeepsQuantization { get; init; }

    /// <summary>How several adapters become one change.</summary>
    public Combination Combination { get; init; } = Combination.Sequential;
}

/// <summary>An adapter and the factor on its change.</summary>
internal sealed record PlannedAdapter(Adapter Adapter, double Weight)
{
    /// <summary>Order of the columns of lora_B for fused experts.</summary>
    public ExpertLayout? ExpertLayout { get; init; }
}
