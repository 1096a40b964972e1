using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Hira;

/// <summary>The pair of one layer.</summary>
internal sealed record HiraModule(string Path, StoredTensor A, StoredTensor B, bool IsEmbedding) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        IsEmbedding ? [("hira_embedding_A", A), ("hira_embedding_B", B)] : [("hira_A", A), ("hira_B", B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        // The rows of an embedding are its inputs.
        bool isTransposed = IsEmbedding
            ? weight.Source.RowCount == A.RowLength && weight.Source.RowLength == B.RowCount ? true : throw weight.Mismatch(this)
            : weight.IsTransposed(this, B.RowCount, A.RowLength);
        return [new HiraChange(weight.Adapter, Path, A, B, isTransposed, weight.AdapterWeight)];
    }
}
