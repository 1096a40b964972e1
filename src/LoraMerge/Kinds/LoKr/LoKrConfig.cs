using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.LoKr;

/// <summary>What the configuration of a LoKr adapter says. How weights are cut in factors, the tensors tell.</summary>
/// <param name="Ranks">Ranks and alphas of the modules.</param>
internal sealed record LoKrConfig(RankAndAlpha Ranks) : KindConfig
{
    internal override int? LargestRank => Ranks.LargestRank;

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        (string, int)[] ranks =
        [
            .. tensors
                .Modules.Select(module => (module.Name, Rank: RankOf(module)))
                .Where(module => module.Rank is not null)
                .Select(module => (module.Name, (int)module.Rank!)),
        ];
        RankAndAlpha chosen = PatternChoice.Choose(Ranks, tensors.Config.Origin, ranks, tensors.Path, notes, PatternLookup.AllOfLycoris);
        bool? isUnscaled = tensors.Config.Origin.Follows(LoKrKind.WithoutScaling);
        LoKrModule[] modules = [.. tensors.Modules.Select(module => Read(module, chosen, isUnscaled == true))];
        if (isUnscaled is null && modules.FirstOrDefault(module => module.Scaling != 1) is LoKrModule module)
            notes.Add(LoKrNotes.ScaleAmbiguous(module.Path, module.Scaling, tensors.Config.Origin, tensors.Path));
        return [.. modules];
    }

    /// <summary>Null where both sides are stored whole: such tensors do not tell.</summary>
    private static long? RankOf(ModuleTensors module) => (module.Look(LoKrKind.FirstA) ?? module.Look(LoKrKind.SecondA))?.Shape[0];

    private static LoKrModule Read(ModuleTensors tensors, RankAndAlpha ranks, bool isUnscaled)
    {
        LowRankFactor first = tensors.Find(LoKrKind.First) is StoredTensor whole
            ? new StoredFactor(whole)
            : Product(tensors, tensors.Needed(LoKrKind.FirstB), tensors.Needed(LoKrKind.FirstA), core: null);
        StoredTensor? second = tensors.Find(LoKrKind.Second);
        LowRankFactor secondSide = second is not null
            ? new StoredFactor(second)
            : Product(tensors, tensors.Needed(LoKrKind.SecondB), tensors.Needed(LoKrKind.SecondA), tensors.Find(LoKrKind.SecondCore));
        int rank = (int)(RankOf(tensors) ?? ranks.RankOf(tensors.Name));
        double alpha =
            ranks.AlphasOf(tensors.Name, rank).Cast<double?>().FirstOrDefault()
            ?? throw Errors.RankMismatch("lokr", tensors.Name, tensors.First, ranks.RankOf(tensors.Name));
        return new LoKrModule(tensors.Name, tensors.First, first, secondSide, isUnscaled ? 1 : alpha / rank)
        {
            IsConvolution1D = second is { Shape.Length: 3 },
        };
    }

    /// <summary>With a core, as effective convolutions have it, the outer side is stored turned round.</summary>
    private static ProductFactor Product(ModuleTensors tensors, StoredTensor b, StoredTensor a, StoredTensor? core)
    {
        long rank = a.Shape[0];
        if (core is null ? b.Shape[1] != rank : b.Shape[0] != rank || core.Shape[0] != rank || core.Shape[1] != rank)
            throw Errors.TensorsDoNotFit(tensors.Name, core is null ? [b, a] : [b, a, core], "their inner sides must be one rank");
        return core is null
            ? new ProductFactor(new StoredFactor(b), new StoredFactor(a))
            : new ProductFactor(new StoredFactor(b.Transposed()), new CoreFactor(core, a));
    }
}
