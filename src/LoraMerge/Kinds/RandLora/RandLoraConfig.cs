using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.RandLora;

/// <summary>What the configuration of a RandLoRA adapter says.</summary>
/// <param name="Rank">r, of each of the products.</param>
/// <param name="Alpha"><c>randlora_alpha</c>.</param>
/// <param name="Seed"><c>projection_prng_key</c>.</param>
/// <param name="SavesProjection">Whether the file has to hold the shared matrices.</param>
/// <param name="Bases">How they are drawn where it does not.</param>
internal sealed record RandLoraConfig(int Rank, double Alpha, long Seed, bool SavesProjection, RandLoraBases Bases) : KindConfig
{
    internal override int? LargestRank => Rank;

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        if (Bases == RandLoraBases.Dense && !tensors.HasShared(RandLoraKind.A))
            notes.Add(RandLoraNotes.DrawAssumed(tensors.Path));
        return base.ReadModules(tensors, notes);
    }

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor lambda = tensors.Needed(RandLoraKind.Lambda), gamma = tensors.Needed(RandLoraKind.Gamma);
        StoredTensor? a = SavesProjection ? tensors.NeededShared(RandLoraKind.A) : tensors.FindShared(RandLoraKind.A);
        StoredTensor? b = SavesProjection || a is not null ? tensors.NeededShared(RandLoraKind.B) : tensors.FindShared(RandLoraKind.B);
        if (b is not null && a is null)
            throw tensors.Missing(RandLoraKind.A);
        if (lambda.Shape[0] != Rank)
            throw Errors.RankMismatch(RandLoraKind.Lambda.Name, tensors.Name, lambda, Rank);
        long products = lambda.Shape[1];
        if (gamma.Shape[0] != products || products != (gamma.Shape[1] + Rank - 1) / Rank)
            throw Errors.TensorsDoNotFit(tensors.Name, [lambda, gamma], $"there must be as many products of rank {Rank} as the columns of randlora_gamma need");
        if (
            a is not null
            && b is not null
            && (a.Shape[0] != Rank || a.Shape[1] != 1 || a.Shape[2] < gamma.Shape[1] || b.Shape[2] != Rank || b.Shape[1] < products)
        )
            throw Errors.TensorsDoNotFit(
                tensors.Name,
                [lambda, gamma, a, b],
                "they must have one rank, and the shared matrices must be as large as the module needs them"
            );
        return new RandLoraModule(tensors.Name, lambda, gamma, a, b, Alpha / Rank, Seed, Bases);
    }
}
