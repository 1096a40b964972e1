using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + s·ΔW, where rows of ΔW can be made by their numbers, whatever else of it there is.</summary>
/// <remarks>‖ΔW‖ is summed in float64 while rows are added, so that no row has to be made for it again.</remarks>
/// <param name="scaling">s, times the weight of the adapter.</param>
internal abstract class AddedRowsDelta(double scaling) : WeightDelta
{
    private double _norm;

    public sealed override double? Norm => Math.Abs(scaling) * _norm;

    public sealed override void ApplyTo(Tensor w, long firstRow)
    {
        if (firstRow == 0)
            _norm = 0; // rows come in order, and all of them anew where another change has to see them first
        foreach ((Tensor rows, long first) in RowsOf(firstRow, w.shape[0], w.dtype, w.device))
        {
            using var scope = NewDisposeScope();
            double norm = RowsNorm.Of(rows);
            // Where the sum of the squares is beyond float64, the norm itself may not be.
            _norm = double.Hypot(_norm, double.IsFinite(norm) ? norm : ProductNorm.Of(rows.reshape(-1, 1), ones(1, 1, rows.dtype, rows.device)));
            w.narrow(0, first, rows.shape[0]).Add(rows, times: scaling);
        }
    }

    /// <summary>
    /// Rows of ΔW as W is stored, in pieces of whole rows that follow one another, each <c>[rows, row length]</c> with the number of its first row among those
    /// asked for. A piece holds until the next is taken.
    /// </summary>
    protected abstract IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device);
}
