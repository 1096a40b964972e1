using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Formats.Gguf;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Container;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge.Formats.GgufAdapter;

/// <summary>Makes the bytes of an adapter's file: factor after factor, none of the base.</summary>
/// <param name="file">The file.</param>
/// <param name="tensors">Its tensors; each has two there, A and B.</param>
/// <param name="rank">The rank that all are brought to.</param>
internal sealed class AdapterBytes(GgufFile file, ImmutableArray<AdapterTensor> tensors, long rank) : GgufBytes
{
    public override void Run(MergedBlocks blocks, Action<GgufFile> begin, Take take, Action<GgufFile> end)
    {
        using var files = new TensorFiles();
        using var kept = new KeptFactors();
        begin(file);
        for (int i = 0; i < tensors.Length; i++)
        {
            GgufTensor a = file.Layout.Tensors[2 * i], b = file.Layout.Tensors[(2 * i) + 1];
            FactorMatrices[] matrices = [.. tensors[i].Sources.Select((source, number) => Matrices(tensors[i], number, source, files, kept))];
            TakeAll(take, a, matrices.SelectMany(matrix => tensors[i].IsEmbedding ? matrix.B : matrix.A));
            TakeAll(take, b, matrices.SelectMany(matrix => tensors[i].IsEmbedding ? matrix.Turned().B : matrix.B));
        }
        end(file);
        while (blocks.Next())
        {
            // There are none: the base is not read.
        }
    }

    private FactorMatrices Matrices(AdapterTensor tensor, int number, PlannedTensor.Computed? source, TensorFiles files, KeptFactors kept)
    {
        ImmutableArray<long> shape = tensor.Target.Sources[number].Shape;
        FactorMatrices matrices;
        if (source is null)
        {
            matrices = new FactorMatrices(new float[shape[0]], new float[shape[1]], shape[0], shape[1]);
        }
        else
        {
            FoldedFactors folded = FoldedFactors.Of(source.Changes.Cast<LowRankChange>(), source.Facts, files, kept);
            matrices = new FactorMatrices(folded.B, folded.A, shape[0], shape[1]);
        }
        foreach (Step step in tensor.Steps)
            matrices = matrices.After(step, tensor.IsStacked ? 1 : 0);
        return matrices.WithRank(rank);
    }

    private static void TakeAll(Take take, GgufTensor tensor, IEnumerable<float> values) => take(tensor, 0, MemoryMarshal.AsBytes(values.ToArray().AsSpan()));
}
