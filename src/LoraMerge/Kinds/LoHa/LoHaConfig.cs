using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.LoHa;

/// <summary>What the configuration of a LoHa adapter says.</summary>
/// <param name="Ranks">Ranks and alphas of the modules.</param>
internal sealed record LoHaConfig(RankAndAlpha Ranks) : KindConfig
{
    internal override int? LargestRank => Ranks.LargestRank;

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        (string, int)[] ranks = [.. tensors.Modules.Select(module => (module.Name, (int)module.Look(LoHaKind.FirstA)!.Shape[0]))];
        RankAndAlpha chosen = PatternChoice.Choose(Ranks, tensors.Config.Origin, ranks, tensors.Path, notes, PatternLookup.AllOfLycoris);
        return [.. tensors.Modules.Select(module => Read(module, chosen))];
    }

    private static LoHaModule Read(ModuleTensors tensors, RankAndAlpha ranks)
    {
        StoredTensor firstB = tensors.Needed(LoHaKind.FirstB), firstA = tensors.Needed(LoHaKind.FirstA);
        StoredTensor secondB = tensors.Needed(LoHaKind.SecondB), secondA = tensors.Needed(LoHaKind.SecondA);
        StoredTensor? firstCore = tensors.Find(LoHaKind.FirstCore), secondCore = tensors.Find(LoHaKind.SecondCore);
        if (firstCore is null != secondCore is null)
            throw tensors.Missing(firstCore is null ? LoHaKind.FirstCore : LoHaKind.SecondCore);
        (LowRankFactor B, LowRankFactor A) first = Product(tensors, firstB, firstA, firstCore), second = Product(tensors, secondB, secondA, secondCore);
        if (first.A.Sides != second.A.Sides || first.B.Sides != second.B.Sides)
            throw Errors.TensorsDoNotFit(tensors.Name, [firstB, firstA, secondB, secondA], "both products must have one size and one rank");
        int rank = (int)first.A.Sides.Rows;
        double alpha =
            ranks.AlphasOf(tensors.Name, rank).Cast<double?>().FirstOrDefault()
            ?? throw Errors.RankMismatch("hada_w1_b", tensors.Name, firstA, ranks.RankOf(tensors.Name));
        return new LoHaModule(tensors.Name, firstB, firstA, new HadamardSides(first.B, first.A, second.B, second.A), alpha / rank);
    }

    /// <summary>With a core, as effective convolutions have it, the outer side is stored turned round.</summary>
    private static (LowRankFactor B, LowRankFactor A) Product(ModuleTensors tensors, StoredTensor b, StoredTensor a, StoredTensor? core)
    {
        long rank = a.Shape[0];
        if (core is null ? b.Shape[1] != rank : b.Shape[0] != rank || core.Shape[0] != rank || core.Shape[1] != rank)
            throw Errors.TensorsDoNotFit(tensors.Name, core is null ? [b, a] : [b, a, core], "their inner sides must be one rank");
        return core is null ? (new StoredFactor(b), new StoredFactor(a)) : (new StoredFactor(b.Transposed()), new CoreFactor(core, a));
    }
}
