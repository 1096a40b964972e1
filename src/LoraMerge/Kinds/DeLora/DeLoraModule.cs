using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.DeLora;

/// <summary>The tensors of one layer.</summary>
internal sealed record DeLoraModule(string Path, StoredTensor A, StoredTensor B, StoredTensor Length, StoredTensor InputNorms) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("delora_A", A), ("delora_B", B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        weight.IsTransposed(this, weight.Source.Shape is [var outputs, var inputs] && outputs == B.RowCount && inputs == A.RowLength, fitsTransposed: false);
        return
        [
            new LowRankChange(
                weight.Adapter,
                Path,
                "delora",
                new DeLoraRightFactor(A, InputNorms),
                new DeLoraLeftFactor(A, B, Length),
                weight.AdapterWeight,
                IsTransposed: false
            ),
        ];
    }
}
