using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace LoraMerge.Safetensors;

/// <summary>The rule that tensors tile the data section.</summary>
internal static class DataTiling
{
    /// <summary>Brings the tensors into the order of their data and checks that every byte of the section belongs to exactly one.</summary>
    /// <param name="tensors">In the order of the header, which decides between tensors of no bytes at the same place.</param>
    /// <param name="dataLength">The bytes of the file behind its header.</param>
    /// <param name="path">What an exception calls the file.</param>
    public static ImmutableArray<TensorEntry> Check(List<TensorEntry> tensors, long dataLength, string path)
    {
        TensorEntry[] ordered = InDataOrder(tensors);

        // Offsets must tile the data section without gaps: the format forbids holes, so that no bytes travel unread.
        long end = 0;
        foreach (TensorEntry tensor in ordered)
        {
            if (tensor.ByteOffset != end)
            {
                bool isHole = tensor.ByteOffset > end;
                throw new SafetensorsFormatException(isHole ? SafetensorsFault.Hole : SafetensorsFault.Overlap, path, tensor.Name,
                    $"Tensor {SafetensorsFormatException.Quote(tensor.Name)} begins at byte {tensor.ByteOffset} of the data, but the tensors before it end "
                        + $"at {end}: "
                    + (isHole ? $"{tensor.ByteOffset - end} bytes belong to none." : "they overlap."));
            }

            end += tensor.ByteLength; // below 2^60 a tensor, and ordered by begin: cannot overflow before it is refused
            if (end > dataLength)
            {
                throw new SafetensorsFormatException(
                    SafetensorsFault.Truncated,
                    path,
                    tensor.Name,
                    $"Tensor {SafetensorsFormatException.Quote(tensor.Name)} ends at byte {end} of the data, but the file holds only {dataLength} bytes of "
                        + "data."
                );
            }
        }

        if (end != dataLength)
        {
            throw new SafetensorsFormatException(SafetensorsFault.TrailingBytes, path, null,
                $"The last tensor ends at byte {end} of the data, but the file holds {dataLength}: {dataLength - end} bytes belong to none.");
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(ordered);
    }

    private static TensorEntry[] InDataOrder(List<TensorEntry> tensors)
    {
        TensorEntry[] ordered = [.. tensors];
        if (!IsInOrder(ordered))
        {
            var keys = new (long Begin, long Length, int Position)[ordered.Length];
            for (int i = 0; i < keys.Length; i++)
                keys[i] = (ordered[i].ByteOffset, ordered[i].ByteLength, i);
            Array.Sort(keys, ordered);
        }

        return ordered;
    }

    private static bool IsInOrder(TensorEntry[] tensors)
    {
        for (int i = 1; i < tensors.Length; i++)
        {
            if ((tensors[i - 1].ByteOffset, tensors[i - 1].ByteLength).CompareTo((tensors[i].ByteOffset, tensors[i].ByteLength)) > 0)
                return false;
        }

        return true;
    }
}
