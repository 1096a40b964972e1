using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.C3a;

/// <summary>The kernel of one layer.</summary>
internal sealed record C3aModule(string Path, StoredTensor Kernel) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("c3a_kernel", Kernel)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        long size = Kernel.Shape[2];
        weight.IsTransposed(
            this,
            weight.Source.Shape is [var outputs, var inputs] && outputs == Kernel.Shape[0] * size && inputs == Kernel.Shape[1] * size,
            fitsTransposed: false
        );
        return [new C3aChange(weight.Adapter, Path, Kernel, weight.AdapterWeight)];
    }
}
