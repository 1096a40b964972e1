using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Hira;

/// <summary>Nothing decides the merge but the tensors: there is no scaling, and ranks are theirs.</summary>
internal sealed record HiraConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        bool isEmbedding = tensors.Has(HiraKind.EmbeddingA) || tensors.Has(HiraKind.EmbeddingB);
        StoredTensor a = tensors.Needed(isEmbedding ? HiraKind.EmbeddingA : HiraKind.A), b = tensors.Needed(isEmbedding ? HiraKind.EmbeddingB : HiraKind.B);
        return a.Shape.Length >= 2 && b.Shape.Length == a.Shape.Length && b.RowLength == a.RowCount
            ? new HiraModule(tensors.Name, a, b, isEmbedding)
            : throw Errors.TensorsDoNotFit(tensors.Name, [a, b], "the first side of A and the second of B must be one rank");
    }
}
