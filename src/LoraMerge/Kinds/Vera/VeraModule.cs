using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Vera;

/// <summary>The trained factors of one module, and the matrices that all share.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Roles">The kind's tensors.</param>
/// <param name="LambdaB"><c>[out]</c>.</param>
/// <param name="LambdaD"><c>[r]</c>, or <c>[2·r]</c> with the means first.</param>
/// <param name="A">The shared A; null where it has to be drawn.</param>
/// <param name="B">The shared B; likewise.</param>
/// <param name="Rank">r.</param>
/// <param name="Seed">What they are drawn from.</param>
internal sealed record VeraModule(
    string Path,
    VeraRoles Roles,
    StoredTensor LambdaB,
    StoredTensor LambdaD,
    StoredTensor? A,
    StoredTensor? B,
    int Rank,
    long Seed
) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(Roles.LambdaB.Name, LambdaB), (Roles.LambdaD.Name, LambdaD)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool isTransposed = weight.IsTransposed(this, LambdaB.ElementCount, null);
        long inputs = isTransposed ? weight.Source.RowCount : weight.Source.RowLength;
        if (A is not null && B is not null && (A.Shape[1] < inputs || B.Shape[0] < LambdaB.ElementCount))
            throw weight.Mismatch(this);
        VeraDraw? draw = A is null ? Draw(weight) : null;
        return
        [
            new LowRankChange(
                weight.Adapter,
                Path,
                Roles.Prefix.TrimEnd('_'),
                new VeraFactor(A, draw, IsB: false, LambdaD, Rank, inputs),
                new VeraFactor(B, draw, IsB: true, LambdaB, LambdaB.ElementCount, Rank),
                weight.AdapterWeight,
                isTransposed
            ),
        ];
    }

    /// <summary>The matrices are drawn as large as the largest module needs them, so that the sizes of all decide every number.</summary>
    private VeraDraw Draw(ModuleTarget target)
    {
        (VeraModule Module, TensorSource Weight)[] all =
        [
            .. target.By.Weights.Where(pair => pair.Module is VeraModule).Select(pair => ((VeraModule)pair.Module, pair.Weight)),
        ];
        if (target.By.Adapter.Modules.FirstOrDefault(module => all.All(pair => pair.Module.Path != module.Path)) is AdaptedModule missing)
            throw Errors.ModuleSizesUnknown(missing.Path, target.By.Adapter.Path);
        return new VeraDraw(
            Seed,
            Rank,
            Roles.PartsOfD,
            all.Max(pair => pair.Weight.ElementCount / pair.Module.LambdaB.ElementCount),
            all.Max(pair => pair.Module.LambdaB.ElementCount),
            target.HeldDType
        );
    }
}
