using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>Reads a tensor whose elements do not follow one another in the file, such as a transposed matrix, as if they did.</summary>
/// <remarks>
/// The elements asked for form boxes. A box is read with all that lies between its elements and picked out in memory, unless that is more than
/// <see cref="LargestSpan"/> or mostly gaps: then it is halved along its longest way in the file. So memory is fixed, and a transposed matrix takes large
/// reads.
/// </remarks>
internal sealed class StridedRead
{
    private const int LargestSpan = 1 << 20;

    /// <summary>Up to here one read costs less than two.</summary>
    private const int SmallSpan = 4096;

    /// <summary>Bytes read for one that is asked for, at most.</summary>
    private const int GapFactor = 8;

    private readonly StoredTensor _tensor;
    private readonly ReadAt _read;
    private readonly int _elementBytes;
    private readonly byte[] _span;

    private StridedRead(StoredTensor tensor, ReadAt read)
    {
        _tensor = tensor;
        _read = read;
        _elementBytes = tensor.DType.BitsPerElement() / 8;
        _span = new byte[LargestSpan];
    }

    /// <summary>Fills a span from the file, from an offset on.</summary>
    public delegate void ReadAt(long fileOffset, Span<byte> destination);

    /// <summary>
    /// Fills <paramref name="destination"/> with the bytes that the tensor, its elements in order, has from <paramref name="byteOffset"/> on.
    /// </summary>
    public static void Into(StoredTensor tensor, long byteOffset, Span<byte> destination, ReadAt read) =>
        new StridedRead(tensor, read).Read(byteOffset, destination);

    private void Read(long byteOffset, Span<byte> destination)
    {
        // Copies may be cut anywhere, also within an element.
        int into = (int)(byteOffset % _elementBytes);
        if (into > 0)
        {
            int taken = Math.Min(_elementBytes - into, destination.Length);
            ReadPart(byteOffset / _elementBytes, into, destination[..taken]);
            byteOffset += taken;
            destination = destination[taken..];
        }
        long first = byteOffset / _elementBytes;
        long count = destination.Length / _elementBytes;
        ReadRange(0, _tensor.FileOffset, first, first + count, destination);
        Span<byte> rest = destination[(int)(count * _elementBytes)..];
        if (!rest.IsEmpty)
            ReadPart(first + count, 0, rest);
    }

    private void ReadPart(long element, int start, Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        ReadRange(0, _tensor.FileOffset, element, element + 1, bytes[.._elementBytes]);
        bytes.Slice(start, destination.Length).CopyTo(destination);
    }

    /// <summary>
    /// Elements [first, end) of the part of the tensor that one index into each dimension before <paramref name="dimension"/> leaves, as boxes: a part of a
    /// row, whole rows, a part of a row.
    /// </summary>
    private void ReadRange(int dimension, long fileOffset, long first, long end, Span<byte> destination)
    {
        while (first < end)
        {
            long rowLength = RowLength(dimension);
            long row = first / rowLength;
            long rowOffset = fileOffset + (dimension < _tensor.Shape.Length ? row * _tensor.Strides[dimension] * _elementBytes : 0);
            long taken;
            if (first % rowLength == 0 && end - first >= rowLength)
            {
                long rows = (end - first) / rowLength;
                taken = rows * rowLength;
                ReadRows(dimension, rowOffset, rows, destination);
            }
            else
            {
                taken = Math.Min(end, (row + 1) * rowLength) - first;
                ReadRange(dimension + 1, rowOffset, first % rowLength, (first % rowLength) + taken, destination);
            }
            first += taken;
            destination = destination[(int)(taken * _elementBytes)..];
        }
    }

    private long RowLength(int dimension)
    {
        long length = 1;
        for (int i = dimension + 1; i < _tensor.Shape.Length; i++)
            length *= _tensor.Shape[i];
        return length;
    }

    private void ReadRows(int dimension, long fileOffset, long rows, Span<byte> destination)
    {
        int count = _tensor.Shape.Length - dimension;
        if (count <= 0)
        {
            _read(fileOffset, destination[.._elementBytes]);
            return;
        }
        var sides = new Side[count];
        long step = 1;
        for (int i = count - 1; i >= 0; i--)
        {
            sides[i] = new Side(i == 0 ? rows : _tensor.Shape[dimension + i], _tensor.Strides[dimension + i] * _elementBytes, (int)(step * _elementBytes));
            step *= sides[i].Length;
        }
        ReadBox(sides, fileOffset, destination, 0);
    }

    private void ReadBox(Side[] sides, long fileOffset, Span<byte> destination, int at)
    {
        long span = _elementBytes;
        long elements = 1;
        int longest = 0;
        for (int i = 0; i < sides.Length; i++)
        {
            span += sides[i].Way;
            elements *= sides[i].Length;
            if (sides[i].Way > sides[longest].Way)
                longest = i;
        }
        if (span <= SmallSpan || (span <= LargestSpan && span <= elements * _elementBytes * GapFactor))
        {
            _read(fileOffset, _span.AsSpan(0, (int)span));
            Pick(sides, destination, at);
            return;
        }
        Side whole = sides[longest];
        long half = whole.Length / 2;
        sides[longest] = whole with { Length = half };
        ReadBox(sides, fileOffset, destination, at);
        sides[longest] = whole with { Length = whole.Length - half };
        ReadBox(sides, fileOffset + (half * whole.FileStep), destination, at + (int)(half * whole.Step));
        sides[longest] = whole;
    }

    private void Pick(Side[] sides, Span<byte> destination, int at)
    {
        switch (_elementBytes)
        {
            case 1: Pick<byte>(sides, 0, 0, destination, at); break;
            case 2: Pick<ushort>(sides, 0, 0, destination, at); break;
            case 4: Pick<uint>(sides, 0, 0, destination, at); break;
            default: Pick<ulong>(sides, 0, 0, destination, at); break;
        }
    }

    private void Pick<T>(Side[] sides, int dimension, int from, Span<byte> destination, int at)
        where T : unmanaged
    {
        Side side = sides[dimension];
        for (long i = 0; i < side.Length; i++, from += (int)side.FileStep, at += side.Step)
        {
            if (dimension < sides.Length - 1)
                Pick<T>(sides, dimension + 1, from, destination, at);
            else
                Unsafe.WriteUnaligned(ref destination[at], MemoryMarshal.Read<T>(_span.AsSpan(from)));
        }
    }

    /// <summary>One dimension of a box.</summary>
    /// <param name="Length">Elements along it.</param>
    /// <param name="FileStep">Bytes from one to the next in the file.</param>
    /// <param name="Step">Bytes from one to the next in the destination.</param>
    private readonly record struct Side(long Length, long FileStep, int Step)
    {
        /// <summary>Bytes from the first to the last in the file.</summary>
        public long Way => (Length - 1) * FileStep;
    }
}
