using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Shira;

/// <summary>The changed numbers of one layer, and where they are.</summary>
internal sealed record ShiraModule(string Path, StoredTensor Values, StoredTensor? Places, int? Seed) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        Places is null ? [("shira_weight", Values)] : [("shira_weight", Values), ("shira_indices", Places)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        // There are r numbers for each row and column, which is all that the tensors tell of the sides.
        bool fits =
            weight.Source.Shape.Length == 2
            && Values.ElementCount % (weight.Source.RowCount + weight.Source.RowLength) == 0
            && Values.ElementCount <= weight.Source.ElementCount;
        weight.IsTransposed(this, fits, fitsTransposed: false);
        return [new ShiraChange(weight.Adapter, Path, Values, Places, Places is null ? Seed : null, weight.AdapterWeight)];
    }
}
