using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.GraLora;

/// <summary>The matrices of one layer: of its blocks, and of a plain product beside them where it has one.</summary>
internal sealed record GraLoraModule(string Path, StoredTensor A, StoredTensor B, StoredTensor? GeneralA, StoredTensor? GeneralB, double Scaling)
    : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("gralora_A", A), ("gralora_B", B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        long outputs = B.Shape[0] * B.Shape[2], inputs = A.Shape[0] * A.Shape[1];
        if (weight.Source.Shape.Length != 2 || (GeneralA is not null && (GeneralA.RowLength != inputs || GeneralB!.RowCount != outputs)))
            throw weight.Mismatch(this);
        bool isTransposed = weight.IsTransposed(this, outputs, inputs);
        double scaling = Scaling * weight.AdapterWeight;
        yield return new GraLoraChange(weight.Adapter, Path, A, B, isTransposed, scaling);
        if (GeneralA is not null)
            yield return new LowRankChange(
                weight.Adapter,
                Path,
                "gralora-general",
                new StoredFactor(GeneralA),
                new StoredFactor(GeneralB!),
                scaling,
                isTransposed
            );
    }
}
