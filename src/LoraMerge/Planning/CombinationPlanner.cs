using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Makes one planned change of those that several adapters plan for a tensor.</summary>
internal sealed class CombinationPlanner(Combination combination, ImmutableArray<PlannedAdapter> adapters)
{
    /// <summary>The changes of one tensor, combined: one for each module that the tensor serves, which is one unless weights are tied.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="replacedBy">The adapter that holds the tensor whole, if one does.</param>
    /// <param name="deltas">What each adapter would do alone, with weight 1.</param>
    /// <exception cref="LoraMergeException">LORA4030, LORA4031.</exception>
    public ImmutableArray<PlannedDelta> Combine(string tensor, int? replacedBy, IEnumerable<PlannedDelta> deltas)
    {
        if (replacedBy is int whole)
            throw NotPlain(tensor, whole, "holds it whole");
        foreach (PlannedDelta delta in deltas)
        {
            if (delta is not PlannedDelta.LowRank { Diagonal: null, ABlocks: 1, BBlocks: 1 })
                throw NotPlain(tensor, delta.Adapter, $"changes it by '{delta.Method}'");
        }
        return
        [
            .. deltas.Cast<PlannedDelta.LowRank>()
                .GroupBy(delta => delta.Module.Split('.')[^1], StringComparer.Ordinal)
                .Select(group => Combine([.. group])),
        ];
    }

    private PlannedDelta.Combined Combine(ImmutableArray<PlannedDelta.LowRank> deltas)
    {
        if (combination.Way.NeedsEqualRanks && deltas.Select(delta => delta.A.Shape[0]).Distinct().Count() > 1)
        {
            throw Errors.CombinationRanksDiffer(
                combination.Way.Text, deltas.Select(delta => (adapters[delta.Adapter].Adapter.Path, delta.A.Shape[0])), deltas[0].Module);
        }
        return new PlannedDelta.Combined(deltas[0].Module, [.. deltas.Select(delta => new CombinedSource(delta, adapters[delta.Adapter].Weight))], combination);
    }

    private LoraMergeException NotPlain(string tensor, int adapter, string how) =>
        Errors.CombinationNeedsPlainLora(combination.Way.Text, tensor, adapters[adapter].Adapter.Path, how);
}
