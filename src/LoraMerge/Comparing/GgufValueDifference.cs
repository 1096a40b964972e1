using System.Globalization;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Comparing;

/// <summary>How far the values of a tensor differ between two files, block by block; of types that cannot be read, only that their bytes do.</summary>
internal sealed class GgufValueDifference(GgufTensor tensor)
{
    private float[] _first = [];
    private float[] _second = [];
    private ValueDistance _distance; // a struct that counts: not readonly
    private bool _isUnreadable;

    /// <summary>Elements that differ.</summary>
    public long Different { get; private set; }

    /// <summary>The largest difference of two elements; infinite where one is no finite number and the other is another.</summary>
    public double? Largest => _isUnreadable ? null : _distance.Largest;

    /// <summary>Norm of the difference, as a share of the norm in the first file.</summary>
    public double? RelativeNorm => _isUnreadable ? null : _distance.RelativeNorm;

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
        : string.Create(CultureInfo.InvariantCulture, $"{Different} of {tensor.ElementCount} values differ, by at most {_distance.Largest:G3} ({tensor.Type})");

    private void Add(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        for (int i = 0; i < first.Length; i++)
        {
            double one = first[i], other = second[i];
            _distance.Add(one, other);
            Different += one.Equals(other) ? 0 : 1;
        }
    }
}
