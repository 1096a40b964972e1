using TorchSharp;

namespace LoraMerge.Deltas;

/// <summary>A number in a formula as torch takes it: int64 where it has an integer's type in C#, else float64.</summary>
internal readonly struct Number
{
    private readonly bool _isInteger;
    private readonly long _integer;
    private readonly double _value;

    private Number(bool isInteger, long integer, double value)
    {
        _isInteger = isInteger;
        _integer = integer;
        _value = value;
    }

    public static implicit operator Number(long integer) => new(isInteger: true, integer, 0);

    public static implicit operator Number(double value) => new(isInteger: false, 0, value);

    /// <returns>The caller's, who disposes it when torch has returned and no earlier.</returns>
    public Scalar ToScalar() => _isInteger ? _integer.ToScalar() : _value.ToScalar();
}
