using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Vera;

/// <summary>What the configuration of a VeRA or PVeRA adapter says.</summary>
/// <param name="Roles">The kind's tensors.</param>
/// <param name="Rank">r.</param>
/// <param name="Seed"><c>projection_prng_key</c>: what the shared matrices are drawn from where the file does not hold them.</param>
/// <param name="SavesProjection">Whether the file has to hold them.</param>
internal sealed record VeraConfig(VeraRoles Roles, int Rank, long Seed, bool SavesProjection) : KindConfig
{
    internal override int? LargestRank => Rank;

    public static VeraConfig Read(ConfigFields fields, VeraRoles roles) =>
        new(roles, fields.Rank("r"), fields.Integer("projection_prng_key") ?? 0, !fields.Has("save_projection") || fields.Flag("save_projection"));

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor lambdaB = tensors.Needed(Roles.LambdaB),
            lambdaD = tensors.Needed(Roles.LambdaD);
        StoredTensor? a = SavesProjection ? tensors.NeededShared(Roles.A) : tensors.FindShared(Roles.A),
            b = SavesProjection || a is not null ? tensors.NeededShared(Roles.B) : tensors.FindShared(Roles.B);
        if (lambdaD.ElementCount != (long)Rank * Roles.PartsOfD)
            throw Errors.RankMismatch(Roles.LambdaD.Name, tensors.Name, lambdaD, Rank);
        if (b is not null && a is null)
            throw tensors.Missing(Roles.A);
        if (a is not null && b is not null && (a.Shape[0] != lambdaD.ElementCount || b.Shape[1] != Rank))
            throw Errors.TensorsDoNotFit(tensors.Name, [lambdaD, a, b], "they must have one rank");
        return new VeraModule(tensors.Name, Roles, lambdaB, lambdaD, a, b, Rank, Seed);
    }
}
