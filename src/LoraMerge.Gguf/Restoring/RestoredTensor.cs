using System.Collections.Immutable;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Restoring;

/// <summary>A tensor of Hugging Face's folder, whose values lie in a GGUF file.</summary>
/// <param name="Name">Such as <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
/// <param name="Shape">Rows first.</param>
/// <param name="File">That holds it.</param>
/// <param name="Stored">The tensor there.</param>
internal sealed record RestoredTensor(string Name, ImmutableArray<long> Shape, GgufReader File, GgufTensor Stored)
{
    /// <summary>Where its values begin in the stored tensor: an expert is a part of a stack.</summary>
    public long FirstElement { get; init; }

    /// <summary>Heads whose rows lie in pairs in the file; 0 where they lie as they are.</summary>
    public long PairedHeads { get; init; }

    /// <summary>What is subtracted from each value.</summary>
    public float Added { get; init; }

    /// <summary>Reads values as float32, in the order of the shape, from any element on. May be called from several threads at once.</summary>
    /// <exception cref="GgufFormatException">Truncated: the file was cut after it was opened.</exception>
    public void Read(long firstElement, Span<float> destination)
    {
        if (PairedHeads == 0)
            TensorValues.Read(File, Stored, FirstElement + firstElement, destination);
        else
            ReadPaired(firstElement, destination);
        if (Added == 0)
            return;
        foreach (ref float value in destination)
            value -= Added;
    }

    /// <summary>Row by row: a row of the first half of a head is an even one in the file, one of the second half an odd one.</summary>
    private void ReadPaired(long firstElement, Span<float> destination)
    {
        long rowLength = Shape.Length == 1 ? 1 : Shape[^1];
        long headRows = Shape[0] / PairedHeads;
        while (!destination.IsEmpty)
        {
            long row = firstElement / rowLength;
            long place = row % headRows;
            long stored = (row - place) + (place < headRows / 2 ? 2 * place : (2 * (place - (headRows / 2))) + 1);
            int count = (int)Math.Min(destination.Length, rowLength - (firstElement % rowLength));
            TensorValues.Read(File, Stored, FirstElement + (stored * rowLength) + (firstElement % rowLength), destination[..count]);
            destination = destination[count..];
            firstElement += count;
        }
    }
}
