using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>
/// W′ = diag(blocks)·W: groups of outputs, which are neighbouring rows, are rotated. The last group may be smaller, and gets the upper left part of its block.
/// </summary>
/// <param name="blocks"><c>[groups, n, n]</c>, float64; owned by this delta.</param>
internal sealed class OutputRotationDelta(Tensor blocks) : WeightDelta
{
    public override void ApplyTo(Tensor w, long firstRow)
    {
        long size = blocks.shape[1];
        for (long row = 0; row < w.shape[0]; row += size)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(size, w.shape[0] - row);
            Tensor rows = w.narrow(0, row, count);
            Tensor block = blocks[(firstRow + row) / size].narrow(0, 0, count).narrow(1, 0, count);
            foreach ((long column, long columns) in PieceSize.Cut(w.shape[1], elementsOfRow: 4 * count))
            {
                using var inner = NewDisposeScope();
                Tensor part = rows.narrow(1, column, columns);
                part.copy_(block.matmul(part.to(ScalarType.Float64)));
            }
        }
    }

    public override void Dispose() => blocks.Dispose();
}
