using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Peanut;

/// <summary>The network of one layer.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A"><c>[r, out]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Layers">Encoders and then as many decoders, <c>[r, r]</c>.</param>
/// <param name="Activation">Name of the function between layers.</param>
/// <param name="Scaling">s.</param>
internal sealed record PeanutModule(string Path, StoredTensor A, StoredTensor B, ImmutableArray<StoredTensor> Layers, string Activation, double Scaling)
    : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(PeanutKind.A.Name, A), (PeanutKind.B.Name, B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        weight.IsTransposed(this, weight.Source.Shape.Length == 2 && weight.Source.RowCount == B.RowCount, fitsTransposed: false);
        return [new PeanutChange(weight.Adapter, Path, A, B, Layers, Activation, Scaling * weight.AdapterWeight)];
    }
}
