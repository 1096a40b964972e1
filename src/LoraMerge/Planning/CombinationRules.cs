using System.Collections.Immutable;
using LoraMerge.Adapters;
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
        ImmutableArray<int> ranks = [.. adapters.Select(adapter => LargestRank(adapter.Adapter.Config))];
        if (asked.Way.NeedsEqualRanks && ranks.Distinct().Count() > 1)
            throw Errors.CombinationRanksDiffer(asked.Way.Text, adapters.Select((adapter, i) => (adapter.Adapter.Path, (long)ranks[i])), null);
        return asked.Way.EndsInSvd && asked.SvdRank is null ? asked with { SvdRank = ranks.Max() } : asked;
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

    /// <summary>PEFT's rank of a whole adapter: room for its largest module.</summary>
    private static int LargestRank(LoraConfig config) => config.RankPattern.Select(pattern => pattern.Value).Append(config.Rank).Max();
}
