using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.LoHa;

/// <summary>The two products of one module.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="StoredB">One outer side, as the file has it.</param>
/// <param name="StoredA">One inner side.</param>
/// <param name="Sides">Both products.</param>
/// <param name="Scaling">alpha/r.</param>
internal sealed record LoHaModule(string Path, StoredTensor StoredB, StoredTensor StoredA, HadamardSides Sides, double Scaling) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("hada_w1_a", StoredB), ("hada_w1_b", StoredA)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        [
            new LoHaChange(
                weight.Adapter,
                Path,
                Sides,
                Scaling * weight.AdapterWeight,
                weight.IsTransposed(this, Sides.FirstB.Sides.Rows, Sides.FirstA.Sides.Columns)
            ),
        ];
}
