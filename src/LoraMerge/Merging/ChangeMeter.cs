using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Merging;

/// <summary>Measures what a merge does to one tensor, piece by piece, in float64; the tensors come one after another.</summary>
internal sealed class ChangeMeter
{
    private double _weight;
    private double _delta;
    private double _kept;

    /// <summary>Forgets the tensor before.</summary>
    public void Begin() => _weight = _delta = _kept = 0;

    /// <summary>Takes rows of the base.</summary>
    public void AddWeight(Tensor source)
    {
        foreach ((long first, long count) in PieceSize.Cut(source.shape[0], source.shape[1]))
        {
            using var scope = NewDisposeScope();
            _weight += SquareOf(source.narrow(0, first, count).to(ScalarType.Float64));
        }
    }

    /// <summary>Takes rows that were changed.</summary>
    /// <param name="source">As they were.</param>
    /// <param name="w">The result before it is rounded.</param>
    /// <param name="rounded">The result.</param>
    public void AddChange(Tensor source, Tensor w, Tensor rounded)
    {
        foreach ((long first, long count) in PieceSize.Cut(source.shape[0], source.shape[1]))
        {
            using var scope = NewDisposeScope();
            Tensor before = Piece(source), delta = Piece(w) - before, kept = Piece(rounded) - before;
            _delta += SquareOf(delta);
            _kept += kept.mul_(delta).sum().item<double>();

            Tensor Piece(Tensor rows) => rows.narrow(0, first, count).to(w.device).to(ScalarType.Float64);
        }
    }

    /// <param name="deltas">What was applied to the tensor.</param>
    /// <param name="isRoundedHere">Whether the result is as it will be read.</param>
    public TensorMeasure End(IReadOnlyList<WeightDelta> deltas, bool isRoundedHere) => new(
        Math.Sqrt(_weight),
        Math.Sqrt(_delta),
        isRoundedHere && _delta > 0 ? _kept / _delta : null,
        deltas.Count > 0 && deltas.All(delta => delta is LowRankDelta) ? ProductSpectrum.Of([.. deltas.Cast<LowRankDelta>()]) : []);

    private static double SquareOf(Tensor values) => values.ToThePower(2).sum().item<double>();
}
