using LoraMerge.Deltas;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>A piece of one tensor on its way from its source to the merged model: rows of a computed tensor, bytes of one that is copied.</summary>
/// <param name="Shard">Number of the weight file in the plan.</param>
/// <param name="Index">Number of the tensor in that file.</param>
/// <param name="Tensor">What becomes of the tensor.</param>
/// <param name="First">Number of its first row, or byte.</param>
/// <param name="Count">How many rows, or bytes.</param>
/// <param name="Buffer">Its values: the source's, and after computing the result's. Null for a tensor without elements.</param>
internal sealed record Block(int Shard, int Index, PlannedTensor Tensor, long First, long Count, BlockBuffer? Buffer)
{
    /// <summary>Bytes of a piece of what is copied.</summary>
    public const long CopiedBytes = RowGroup.Bytes;

    public bool IsFirst => First == 0;

    public bool IsLast => First + Count == CountOf(Tensor);

    /// <summary>Number of elements, of a computed tensor.</summary>
    public long ElementCount => Count * Tensor.RowLength;

    /// <summary>Length of its values as they are read, in bytes.</summary>
    public int SourceLength => checked((int)BytesOf(Count, Tensor.Source.DType));

    /// <summary>Where the piece starts in the merged model's tensor, in bytes.</summary>
    public long ResultOffset => BytesOf(First, Tensor.DType);

    /// <summary>Its length there.</summary>
    public int ResultLength => checked((int)BytesOf(Count, Tensor.DType));

    /// <summary>
    /// Pieces of a tensor, as first and count: groups of rows where it is computed. A tensor without elements has one piece, so that it is counted as merged.
    /// </summary>
    public static IEnumerable<(long First, long Count)> Cut(PlannedTensor tensor)
    {
        long count = CountOf(tensor);
        if (count == 0)
            yield return (0, 0);
        long step = tensor is PlannedTensor.Computed computed ? computed.GroupRows : CopiedBytes;
        for (long first = 0; first < count; first += step)
            yield return (first, Math.Min(step, count - first));
    }

    private static long CountOf(PlannedTensor tensor) => tensor is PlannedTensor.PassThrough ? tensor.ByteLength
        : tensor.Source.ElementCount == 0 ? 0 : tensor.Source.ElementCount / tensor.RowLength;

    private long BytesOf(long count, DType dtype) => Tensor is PlannedTensor.PassThrough ? count : count * Tensor.RowLength * dtype.BitsPerElement() / 8;
}
