namespace LoraMerge.Comparing;

/// <summary>How far values lie from others, pair by pair, in float64. Norms are Frobenius, over the pairs of finite numbers.</summary>
internal struct ValueDistance
{
    private double _squares;
    private double _differenceSquares;

    /// <summary>The largest difference of two values; infinite where one is no finite number and the other is another.</summary>
    public double Largest { get; private set; }

    /// <summary>Norm of the difference, as a share of the norm of the first values; null where that is zero, or squares are beyond float64.</summary>
    public readonly double? RelativeNorm => _squares > 0 && double.IsFinite(_squares) && double.IsFinite(_differenceSquares)
        ? Math.Sqrt(_differenceSquares / _squares)
        : null;

    public void Add(double one, double other)
    {
        if (double.IsFinite(one) && double.IsFinite(other))
        {
            _squares += one * one;
            _differenceSquares += (other - one) * (other - one);
            Largest = Math.Max(Largest, Math.Abs(other - one));
        }
        else if (!one.Equals(other))
        {
            Largest = double.PositiveInfinity;
        }
    }
}
