using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>
/// Finds by which rule an adapter's ranks and alphas are looked up: the ones of its releases, as far as the ranks of its tensors agree with them.
/// </summary>
internal static class PatternChoice
{
    /// <summary>The ranks and alphas with their rule; what the file cannot tell goes into <paramref name="notes"/>.</summary>
    /// <param name="config">As the adapter's configuration states them.</param>
    /// <param name="origin">Which releases may have written it.</param>
    /// <param name="modules">Its modules with the ranks that their tensors have.</param>
    /// <param name="adapter">Its path, for messages.</param>
    /// <param name="notes">Gets a warning where several alphas are possible.</param>
    /// <param name="rules">The rules that the kind's releases had, the oldest first; LoRA's where nothing is said.</param>
    public static RankAndAlpha Choose(
        RankAndAlpha config,
        AdapterOrigin origin,
        IReadOnlyList<(string Module, int Rank)> modules,
        string adapter,
        ICollection<MergeEvent> notes,
        ImmutableArray<PatternLookup>? rules = null
    )
    {
        if (config.RankPattern.IsEmpty && config.AlphaPattern.IsEmpty)
            return config;
        PatternLookup[] possible = [.. (rules ?? PatternLookup.All).Where(lookup => origin.Follows(lookup.Releases) != false)];
        PatternLookup[] fitting = [.. possible.Where(lookup => modules.All(module => lookup.Find(config, module.Module, module.Rank).Any()))];
        if (fitting.Length == 0)
            return config with { Lookup = possible[^1] };
        RankAndAlpha chosen = config with { Lookup = fitting[^1] };
        NoteOtherRules(chosen, origin, fitting, modules, adapter, notes);
        NoteOtherOrders(chosen, modules, adapter, notes);
        return chosen;
    }

    private static void NoteOtherRules(
        RankAndAlpha chosen,
        AdapterOrigin origin,
        IEnumerable<PatternLookup> fitting,
        IEnumerable<(string Module, int Rank)> modules,
        string adapter,
        ICollection<MergeEvent> notes
    )
    {
        foreach ((string module, int rank) in modules)
        {
            double alpha = chosen.AlphasOf(module, rank).First();
            foreach (PatternLookup lookup in fitting)
            {
                double other = (chosen with { Lookup = lookup }).AlphasOf(module, rank).First();
                if (other == alpha)
                    continue;
                notes.Add(Notes.AlphaAmbiguous(module, chosen.Lookup.Name, alpha, lookup.Name, other, origin, adapter));
                return;
            }
        }
    }

    private static void NoteOtherOrders(RankAndAlpha chosen, IEnumerable<(string Module, int Rank)> modules, string adapter, ICollection<MergeEvent> notes)
    {
        foreach ((string module, int rank) in modules)
        {
            double[] alphas = [.. chosen.AlphasOf(module, rank).Distinct()];
            if (alphas.Length < 2)
                continue;
            notes.Add(Notes.PatternOrderAmbiguous(module, alphas, adapter));
            return;
        }
    }
}
