using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Restoring;

/// <summary>How values lie in a tensor of a file: plain data, for whoever reads the bytes.</summary>
/// <param name="Type">Of the stored tensor.</param>
/// <param name="FirstElement">Where they begin in it: an expert is a part of a stack.</param>
/// <param name="RowLength">Elements in a row.</param>
internal sealed record RestoredValues(GgufType Type, long FirstElement, long RowLength)
{
    /// <summary>Rows of a head, where they lie in pairs in the file; 0 where rows lie as they are.</summary>
    public long PairedRows { get; init; }

    /// <summary>What is subtracted from each value.</summary>
    public float Added { get; init; }

    /// <summary>Whether elements are numbers as they are stored: none has to be computed.</summary>
    public bool AreStored => Added == 0 && Type is GgufType.F32 or GgufType.F16 or GgufType.BF16;

    /// <summary>Whether they lie as they are read, one behind the other.</summary>
    public bool AreInOrder => PairedRows == 0;

    /// <summary>Reads values as float32, in the order of the shape, from any element on.</summary>
    public void Read(ReadBytes read, long firstElement, Span<float> destination)
    {
        foreach ((long stored, int count) in Runs(firstElement, destination.Length))
        {
            TensorValues.Read(read, Type, stored, destination[..count]);
            if (Added != 0)
                Subtract(destination[..count]);
            destination = destination[count..];
        }
    }

    /// <summary>Reads stored numbers as they are.</summary>
    /// <param name="read">Reads bytes of the stored tensor.</param>
    /// <param name="firstElement">In the order of the shape.</param>
    /// <param name="destination">Whole elements.</param>
    public void ReadStored(ReadBytes read, long firstElement, Span<byte> destination)
    {
        int size = Type.BytesPerBlock();
        foreach ((long stored, int count) in Runs(firstElement, destination.Length / size))
        {
            read(stored * size, destination[..(count * size)]);
            destination = destination[(count * size)..];
        }
    }

    /// <summary>Elements of the stored tensor that follow one another, in the order in which they are wanted.</summary>
    /// <remarks>A row of the first half of a head is an even one in the file, one of the second half an odd one.</remarks>
    private IEnumerable<(long Stored, int Count)> Runs(long firstElement, int count)
    {
        if (AreInOrder)
        {
            yield return (FirstElement + firstElement, count);
            yield break;
        }

        while (count > 0)
        {
            long row = firstElement / RowLength;
            long place = row % PairedRows;
            long stored = row - place + (place < PairedRows / 2 ? 2 * place : (2 * (place - (PairedRows / 2))) + 1);
            int taken = (int)Math.Min(count, RowLength - (firstElement % RowLength));
            yield return (FirstElement + (stored * RowLength) + (firstElement % RowLength), taken);
            firstElement += taken;
            count -= taken;
        }
    }

    private void Subtract(Span<float> values)
    {
        foreach (ref float value in values)
            value -= Added;
    }
}
