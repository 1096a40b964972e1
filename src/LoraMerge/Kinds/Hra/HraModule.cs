using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Hra;

/// <summary>The normals of one layer's reflections.</summary>
internal sealed record HraModule(string Path, StoredTensor Normals, bool IsOrthonormalised) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("hra_u", Normals)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        weight.IsTransposed(this, weight.Source.RowLength == Normals.RowCount, fitsTransposed: false);
        return [new HraChange(weight.Adapter, Path, Normals, IsOrthonormalised, weight.AdapterWeight)];
    }
}
