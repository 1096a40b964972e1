using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Makes one planned change of those that several adapters plan for a tensor.</summary>
internal sealed class CombinationPlanner(Combination combination, ImmutableArray<PlannedAdapter> adapters)
{
    /// <summary>The changes of one tensor, combined: one for each module that the tensor serves, which is one unless weights are tied.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="replacedBy">The adapter that holds the tensor whole, if one does.</param>
    /// <param name="changes">What each adapter would do alone, with weight 1.</param>
    /// <exception cref="LoraMergeException">LORA4030, LORA4031.</exception>
    public ImmutableArray<WeightChange> Combine(string tensor, int? replacedBy, IEnumerable<WeightChange> changes)
    {
        if (replacedBy is int whole)
            throw NotPlain(tensor, whole, "holds it whole");
        return
        [
            .. changes.Select(change => (change.Module, Source: Source(tensor, change)))
                .GroupBy(pair => pair.Module.Split('.')[^1], StringComparer.Ordinal)
                .Select(group => Combine(group.First().Module, [.. group.Select(pair => pair.Source)])),
        ];
    }

    private CombinedSource Source(string tensor, WeightChange change) => change.LowRank is { } factors
        ? new CombinedSource(change.Adapter, factors, adapters[change.Adapter].Weight)
        : throw NotPlain(tensor, change.Adapter, $"changes it by '{change.Method}'");

    private CombinedChange Combine(string module, ImmutableArray<CombinedSource> sources)
    {
        if (combination.Way.NeedsEqualRanks && sources.Select(source => source.Factors.Rank).Distinct().Count() > 1)
        {
            throw Errors.CombinationRanksDiffer(
                combination.Way.Text, sources.Select(source => (adapters[source.Adapter].Adapter.Path, source.Factors.Rank)), module);
        }
        return new CombinedChange(module, sources, combination);
    }

    private LoraMergeException NotPlain(string tensor, int adapter, string how) =>
        Errors.CombinationNeedsPlainLora(combination.Way.Text, tensor, adapters[adapter].Adapter.Path, how);
}
