using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Glora;

/// <summary>The terms of one layer; null for those that are left out.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A">Factors of the weight's numbers.</param>
/// <param name="B">What is added to the weight.</param>
/// <param name="C">An input whose output is added to the bias.</param>
/// <param name="D">Factors of the bias's numbers.</param>
/// <param name="E">What is added to the bias.</param>
internal sealed record GloraModule(string Path, GloraTerm? A, GloraTerm? B, GloraTerm? C, GloraTerm? D, GloraTerm? E) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        [
            .. ((string Leaf, GloraTerm? Term)[])
                [(GloraKind.A.Leaf, A), (GloraKind.B.Leaf, B), (GloraKind.C.Leaf, C), (GloraKind.D.Leaf, D), (GloraKind.E.Leaf, E)]
                is var terms
                ? terms.Where(pair => pair.Term is not null).SelectMany(pair => NamedTensors(pair.Leaf, pair.Term!))
                : [],
        ];

    internal override bool ChangesWeight => A is not null || B is not null;

    internal override StoredTensor? NeedsBias => (C ?? D ?? E)?.Left;

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        (long outputs, long inputs) = (weight.Source.RowCount, weight.Source.RowLength);
        weight.IsTransposed(
            this,
            weight.Source.Shape.Length == 2 && A?.Fits(outputs, inputs) != false && B?.Fits(outputs, inputs) != false,
            fitsTransposed: false
        );
        return [new GloraChange(weight.Adapter, Path, A, B, weight.AdapterWeight)];
    }

    internal override IEnumerable<WeightChange> ChangeBias(ModuleTarget bias)
    {
        long outputs = bias.Source.ElementCount;
        TensorSource? weight = null;
        bool fits = D?.Fits(outputs, 1) != false && E?.Fits(outputs, 1) != false;
        if (C is not null)
            fits &=
                bias.By.Base.TryFind(bias.By.PathInBase(Path) + ".weight", out weight)
                && weight.Shape.Length == 2
                && weight.RowCount == outputs
                && C.Fits(weight.RowLength, 1);
        return fits ? [new GloraBiasChange(bias.Adapter, Path, weight, C, D, E, bias.AdapterWeight)] : throw bias.Mismatch(this);
    }

    private static IEnumerable<(string Name, StoredTensor Tensor)> NamedTensors(string leaf, GloraTerm term) =>
        term.Right is null ? [($"{leaf}.X", term.Left)] : [($"{leaf}.Xd", term.Left), ($"{leaf}.Xu", term.Right)];
}
