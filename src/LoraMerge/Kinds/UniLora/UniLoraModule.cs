using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.UniLora;

/// <summary>A and B of one module, both taken from the list.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Theta">The list.</param>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
internal sealed record UniLoraModule(string Path, StoredTensor Theta, UniLoraFactor A, UniLoraFactor B) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("unilora A", A.Indices ?? Theta), ("unilora B", B.Indices ?? Theta)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        [
            new LowRankChange(
                weight.Adapter,
                Path,
                "unilora",
                A with
                {
                    Weight = weight.HeldDType,
                },
                B with
                {
                    Weight = weight.HeldDType,
                },
                weight.AdapterWeight,
                weight.IsTransposed(this, B.Rows, A.Columns)
            ),
        ];
}
