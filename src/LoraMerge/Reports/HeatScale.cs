namespace LoraMerge.Reports;

/// <summary>Takes numbers to the steps of a scale of colours, and back to the numbers that a legend shows.</summary>
internal sealed class HeatScale
{
    /// <summary>As many as eyes tell apart.</summary>
    public const int StepCount = 9;

    /// <summary>From here on equal factors, not equal differences, get equal steps.</summary>
    private const double LargestLinearRatio = 8;

    private readonly double _least;
    private readonly double _most;
    private readonly bool _isLogarithmic;

    public HeatScale(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (_least, _most) = finite.Length == 0 ? (0, 0) : (finite.Min(), finite.Max());
        _isLogarithmic = _least > 0 && _most / _least >= LargestLinearRatio;
    }

    /// <summary>Whether each step is a factor.</summary>
    public bool IsLogarithmic => _isLogarithmic;

    /// <summary>Whether all numbers are the same.</summary>
    public bool IsFlat => _most <= _least;

    public int StepOf(double value)
    {
        double share = (Place(value) - Place(_least)) / (Place(_most) - Place(_least));
        return IsFlat ? StepCount / 2 : Math.Clamp((int)(StepCount * share), 0, StepCount - 1);
    }

    /// <summary>The least number of a step; of the one behind the last, the largest of all.</summary>
    public double EdgeOf(int step)
    {
        double place = Place(_least) + ((Place(_most) - Place(_least)) * step / StepCount);
        return step == StepCount ? _most : step == 0 ? _least : _isLogarithmic ? Math.Exp(place) : place;
    }

    private double Place(double value) => _isLogarithmic ? Math.Log(value) : value;
}
