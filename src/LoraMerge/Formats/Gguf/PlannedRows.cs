using System.Runtime.InteropServices;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Layout;
using LoraMerge.Merging;

namespace LoraMerge.Formats.Gguf;

/// <summary>Gives rows of merged tensors out of a merge's blocks, as it makes them: each tensor of the plan serves one use of it in the file.</summary>
internal sealed class PlannedRows(MergedBlocks blocks)
{
    private LayoutTensor? _tensor;
    private int _shard;
    private int _first;
    private bool _hasBlock;

    /// <summary>Says for which tensor of the file rows will be asked for.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="shard">Number of the file in the plan.</param>
    /// <param name="first">Number of its first source there; the others follow.</param>
    public void Begin(LayoutTensor tensor, int shard, int first) => (_tensor, _shard, _first) = (tensor, shard, first);

    /// <summary>Gives rows, as <see cref="MergedRows"/> asks for them.</summary>
    /// <param name="tensor">A source of the tensor that was begun.</param>
    /// <param name="firstRow">Number of the first row; a row is what the last dimension holds.</param>
    /// <param name="destination">Room for whole rows.</param>
    public void Read(SourceTensor tensor, long firstRow, Span<float> destination)
    {
        int index = _first + _tensor!.Sources.IndexOf(tensor);
        long element = firstRow * tensor.Shape[^1];
        while (!destination.IsEmpty)
        {
            Find(index, element);
            int offset = checked((int)(element - FirstElement));
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(blocks.Bytes)[offset..];
            values = values[..Math.Min(values.Length, destination.Length)];
            values.CopyTo(destination);
            destination = destination[values.Length..];
            element += values.Length;
        }
    }

    /// <summary>Gives the bytes of the tensor that was begun, which the merge copies.</summary>
    /// <param name="byteLength">How many.</param>
    /// <param name="bytes">Takes them.</param>
    public void Copy(long byteLength, TensorBytes bytes)
    {
        for (long taken = 0; taken < byteLength; taken += blocks.Bytes.Length)
        {
            do
            {
                _hasBlock = blocks.Next();
                if (!_hasBlock)
                    throw new InvalidOperationException($"The merge ended before byte {taken} of '{_tensor!.Name}'.");
            }
            while ((blocks.Current.Shard, blocks.Current.Index) != (_shard, _first));
            bytes(taken, blocks.Bytes);
        }
    }

    private long FirstElement => blocks.Current.First * blocks.Current.Tensor.RowLength;

    /// <summary>Passes over blocks, or parts of them, that nobody asks for.</summary>
    private void Find(int index, long element)
    {
        while (!_hasBlock || !Holds(index, element))
        {
            if (_hasBlock && (blocks.Current.Shard, blocks.Current.Index, FirstElement).CompareTo((_shard, index, element)) > 0)
                throw new InvalidOperationException($"Element {element} of '{_tensor!.Name}' was asked for after it had gone by.");
            _hasBlock = blocks.Next();
            if (!_hasBlock)
                throw new InvalidOperationException($"The merge ended before element {element} of '{_tensor!.Name}'.");
        }
    }

    private bool Holds(int index, long element) =>
        blocks.Current.Shard == _shard && blocks.Current.Index == index && element >= FirstElement && element < FirstElement + blocks.Current.ElementCount;
}
