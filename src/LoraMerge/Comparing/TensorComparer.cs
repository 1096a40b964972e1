using LoraMerge.Checkpoints;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Comparing;

/// <summary>Compares two tensors, block by block.</summary>
internal sealed class TensorComparer : IDisposable
{
    private const int BlockLength = 1 << 18;

    // One for each side: a quantised weight keeps its scales between reads.
    private readonly TensorFiles _firstFiles = new(), _secondFiles = new();
    private readonly byte[] _first = new byte[BlockLength * sizeof(double)];
    private readonly byte[] _second = new byte[BlockLength * sizeof(double)];

    /// <returns>Null where they are the same, bit by bit.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111.</exception>
    public TensorDiff? Compare(TensorSource first, TensorSource second, CancellationToken cancellation)
    {
        bool isSameShape = first.Shape.AsSpan().SequenceEqual(second.Shape.AsSpan()), isSameDType = first.DType == second.DType;
        if (isSameShape && isSameDType && HaveSameBits(first, second, cancellation))
            return null;
        bool areFloats = OutputDType.IsFloat(first.DType) && OutputDType.IsFloat(second.DType);
        string? forms = !isSameShape ? $"{first.DType.HeaderName()} {first.ShapeText} against {second.DType.HeaderName()} {second.ShapeText}"
            : !isSameDType ? $"{first.DType.HeaderName()} against {second.DType.HeaderName()}"
            : null;
        if (!isSameShape || (!isSameDType && !areFloats))
            return new TensorDiff(first.Name, DiffKind.Form, first.DType, first.ElementCount) { Forms = forms };
        var diff = new TensorDiff(first.Name, DiffKind.Values, first.DType, first.ElementCount) { Forms = forms };
        return areFloats ? Measure(diff, first, second, cancellation) : diff with { DifferentElements = CountDifferent(first, second, cancellation) };
    }

    public void Dispose()
    {
        _firstFiles.Dispose();
        _secondFiles.Dispose();
    }

    private bool HaveSameBits(TensorSource first, TensorSource second, CancellationToken cancellation)
    {
        for (long offset = 0; offset < first.ByteLength; offset += _first.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = (int)Math.Min(_first.Length, first.ByteLength - offset);
            if (!Read(first, offset, _first, length).SequenceEqual(Read(second, offset, _second, length)))
                return false;
        }
        return true;
    }

    private long CountDifferent(TensorSource first, TensorSource second, CancellationToken cancellation)
    {
        int size = Math.Max(first.DType.BitsPerElement() / 8, 1); // elements of less than a byte are counted by the byte
        long different = 0;
        for (long offset = 0; offset < first.ByteLength; offset += _first.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = (int)Math.Min(_first.Length, first.ByteLength - offset);
            ReadOnlySpan<byte> one = Read(first, offset, _first, length), other = Read(second, offset, _second, length);
            for (int i = 0; i < length; i += size)
                different += one.Slice(i, size).SequenceEqual(other.Slice(i, size)) ? 0 : 1;
        }
        return different;
    }

    private TensorDiff Measure(TensorDiff diff, TensorSource first, TensorSource second, CancellationToken cancellation)
    {
        bool isSameDType = first.DType == second.DType;
        int size = first.DType.BitsPerElement() / 8, otherSize = second.DType.BitsPerElement() / 8;
        long different = 0, ulps = 0;
        var distance = default(ValueDistance);
        for (long element = 0; element < first.ElementCount; element += BlockLength)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(BlockLength, first.ElementCount - element);
            ReadOnlySpan<byte> ones = Read(first, element * size, _first, count * size), others = Read(second, element * otherSize, _second, count * otherSize);
            if (isSameDType)
            {
                different += ElementStatistics.CountDifferent(first.DType, ones, others);
                ulps = Math.Max(ulps, ElementStatistics.LargestUlps(first.DType, ones, others));
            }
            for (int i = 0; i < count; i++)
            {
                double one = StoredFloat.Read(first.DType, ones[(i * size)..]), other = StoredFloat.Read(second.DType, others[(i * otherSize)..]);
                if (!isSameDType && !one.Equals(other))
                    different++;
                distance.Add(one, other);
            }
        }
        return diff with
        {
            DifferentElements = different,
            RelativeNorm = distance.RelativeNorm,
            LargestDifference = distance.Largest,
            LargestUlps = isSameDType ? ulps : null,
        };
    }

    private ReadOnlySpan<byte> Read(TensorSource tensor, long offset, byte[] buffer, int length)
    {
        TensorFiles files = buffer == _first ? _firstFiles : _secondFiles;
        Span<byte> bytes = buffer.AsSpan(0, length);
        if (tensor is StoredTensor stored)
            files.ReadInto(stored, offset, bytes); // elements of less than a byte are read by the byte
        else
            tensor.ReadInto(files, offset * 8 / tensor.DType.BitsPerElement(), bytes);
        return bytes;
    }
}
