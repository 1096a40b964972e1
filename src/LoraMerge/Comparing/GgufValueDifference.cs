using System.Globalization;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Comparing;

/// <summary>How far the values of a tensor differ between two files, block by block; of types that cannot be read, only that their bytes do.</summary>
internal sealed class GgufValueDifference(GgufTensor tensor)
{
    private float[] _first = [];
    private float[] _second = [];
    private double _squares;
    private double _differenceSquares;
    private double _largest;
    private bool _isUnreadable;

    /// <summary>Elements that differ.</summary>
    public long Different { get; private set; }

    /// <summary>The largest difference of two elements; infinite where one is no finite number and the other is another.</summary>
    public double? Largest => _isUnreadable ? null : _largest;

    /// <summary>Norm of the difference, as a share of the norm in the first file.</summary>
    public double? RelativeNorm => !_isUnreadable && _squares > 0 && double.IsFinite(_squares) && double.IsFinite(_differenceSquares)
        ? Math.Sqrt(_differenceSquares / _squares)
        : null;

    /// <summary>Counts what whole blocks of the same elements hold.</summary>
    public void Add(ReadOnlySpan<byte> first, GgufType firstType, ReadOnlySpan<byte> second, GgufType secondType)
    {
        if (!BlockCodecs.TryFind(firstType, out BlockCodec? one) || !BlockCodecs.TryFind(secondType, out BlockCodec? other))
        {
            _isUnreadable = true;
            return;
        }
        int count = first.Length / firstType.BytesPerBlock() * firstType.ElementsPerBlock();
        if (_first.Length < count)
            (_first, _second) = (new float[count], new float[count]);
        one.Dequantise(first, _first.AsSpan(0, count));
        other.Dequantise(second, _second.AsSpan(0, count));
        Add(_first.AsSpan(0, count), _second.AsSpan(0, count));
    }

    public string Describe() => _isUnreadable
        ? $"other bytes ({tensor.Type})"
        : string.Create(CultureInfo.InvariantCulture, $"{Different} of {tensor.ElementCount} values differ, by at most {_largest:G3} ({tensor.Type})");

    private void Add(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        for (int i = 0; i < first.Length; i++)
        {
            double one = first[i], other = second[i];
            if (double.IsFinite(one) && double.IsFinite(other))
            {
                _squares += one * one;
                _differenceSquares += (other - one) * (other - one);
                _largest = Math.Max(_largest, Math.Abs(other - one));
            }
            else if (!one.Equals(other))
            {
                _largest = double.PositiveInfinity;
            }
            Different += one.Equals(other) ? 0 : 1;
        }
    }
}
