namespace LoraMerge.Quantized;

/// <summary>Finds the nearest of some values, in whatever order they are.</summary>
internal sealed class NearestCode
{
    private readonly double[] _values;
    private readonly int[] _codes;
    private readonly double[] _borders;

    /// <param name="values">The value of each code.</param>
    public NearestCode(double[] values)
    {
        _values = values;
        _codes = [.. Enumerable.Range(0, values.Length).OrderBy(code => values[code])];
        _borders = [.. _codes.Skip(1).Select((code, i) => (values[code] + values[_codes[i]]) / 2)];
    }

    /// <summary>What a code stands for.</summary>
    public double this[int code] => _values[code];

    public int Of(double value)
    {
        int at = Array.BinarySearch(_borders, value);
        return _codes[at < 0 ? ~at : at];
    }
}
