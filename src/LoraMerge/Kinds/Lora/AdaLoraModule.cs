using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Lora;

/// <summary>A, B and the strengths of one module.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A"><c>[r, in]</c>, of convolutions with the kernels flattened.</param>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Strengths"><c>[r, 1]</c>.</param>
/// <param name="Kept">Which directions count; empty for all.</param>
/// <param name="Scaling">s.</param>
internal sealed record AdaLoraModule(string Path, StoredTensor A, StoredTensor B, StoredTensor Strengths, ImmutableArray<bool> Kept, double Scaling)
    : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("lora_A", A), ("lora_B", B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        [
            new LowRankChange(
                weight.Adapter,
                Path,
                "adalora",
                new AdaLoraFactor(A, Strengths, Kept),
                new StoredFactor(B),
                Scaling * weight.AdapterWeight,
                weight.IsTransposed(this, B.RowCount, A.RowLength)
            ),
        ];
}
