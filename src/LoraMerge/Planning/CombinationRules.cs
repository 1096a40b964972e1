using System.Collections.Immutable;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>What a way to combine asks of its adapters and options. PEFT, <c>LoraModel._check_add_weighted_adapter</c>.</summary>
internal static class CombinationRules
{
    /// <summary>The combination that is carried out: what was asked for, with its rank decided.</summary>
    /// <exception cref="LoraMergeException">LORA1101, LORA4030, LORA4032.</exception>
    public static Combination Resolve(Combination asked, ImmutableArray<PlannedAdapter> adapters, List<MergeEvent> notes)
    {
        ThrowIfOutOfRange(asked);
        WarnOfUnused(asked, notes);
        if (asked.Way == CombinationWay.Sequential)
            return asked;
        if (adapters.Length == 1)
            return new Combination(CombinationWay.Linear); // as PEFT does: nothing to prune, elect or cut against
        if (asked.Way.Prunes && asked.Density is null)
            throw Errors.CombinationDensityMissing(asked.Way.Text);
        // PEFT's rank of a whole adapter: room for its largest module.
        ImmutableArray<(string Path, long Rank)> ranks =
        [
            .. adapters
                .Where(adapter => adapter.Adapter.Own.LargestRank is not null)
                .Select(adapter => (adapter.Adapter.Path, (long)adapter.Adapter.Own.LargestRank!)),
        ];
        if (asked.Way.NeedsEqualRanks && ranks.Select(pair => pair.Rank).Distinct().Count() > 1)
            throw Errors.CombinationRanksDiffer(asked.Way.Text, ranks, null);
        return asked.Way.EndsInSvd && asked.SvdRank is null ? asked with { SvdRank = (int)ranks.Select(pair => pair.Rank).DefaultIfEmpty(1).Max() } : asked;
    }

    private static void ThrowIfOutOfRange(Combination asked)
    {
        if (asked.Density is { } density)
        {
            if (density.Value is not (>= 0 and <= 1))
                throw Errors.ArgumentInvalid("The density", density.Text, "a share from 0 to 1");
            if (density.Value == 0 && asked.Way.PrunesAtRandom)
                throw Errors.ArgumentInvalid($"The density of {asked.Way.Text}", density.Text, "a share above 0, by which the kept elements are divided,");
        }
        if (asked.SvdRank is < 1 and int rank)
            throw Errors.ArgumentInvalid("The SVD rank", rank.ToString(System.Globalization.CultureInfo.InvariantCulture), "a whole number from 1");
    }

    private static void WarnOfUnused(Combination asked, List<MergeEvent> notes)
    {
        if (asked.Density is not null && !asked.Way.Prunes)
            notes.Add(Notes.CombinationOptionUnused("density", asked.Way.Text));
        if (asked.MajoritySign != MajoritySign.Total && !asked.Way.ElectsSigns)
            notes.Add(Notes.CombinationOptionUnused("majority sign", asked.Way.Text));
        if (asked.SvdRank is not null && !asked.Way.EndsInSvd)
            notes.Add(Notes.CombinationOptionUnused("SVD rank", asked.Way.Text));
    }
}
