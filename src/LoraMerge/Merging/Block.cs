using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>A piece of one tensor on its way from its source to the merged model.</summary>
/// <param name="Shard">Number of the weight file in the plan.</param>
/// <param name="Index">Number of the tensor in that file.</param>
/// <param name="Tensor">What becomes of the tensor.</param>
/// <param name="SourceOffset">Where the piece starts in the source, in bytes.</param>
/// <param name="SourceLength">Its length there in bytes; for a computed tensor, whole rows.</param>
/// <param name="Buffer">Its bytes: the source's, and after computing the result's. Null for a tensor without elements.</param>
internal sealed record Block(int Shard, int Index, PlannedTensor Tensor, long SourceOffset, int SourceLength, BlockBuffer? Buffer)
{
    public bool IsFirst => SourceOffset == 0;

    public bool IsLast => SourceOffset + SourceLength == Tensor.Source.ByteLength;

    /// <summary>Number of elements, of a computed tensor.</summary>
    public long ElementCount => SourceLength * 8L / Tensor.Source.DType.BitsPerElement();

    /// <summary>Number of rows, of a computed tensor; with elements, as every block has that has a buffer, rows have a length.</summary>
    public long RowCount => ElementCount / Tensor.RowLength;

    /// <summary>Number of the first of them in the tensor.</summary>
    public long FirstRow => SourceOffset * 8 / Tensor.Source.DType.BitsPerElement() / Tensor.RowLength;

    /// <summary>Where the piece starts in the merged model's tensor, in bytes.</summary>
    public long ResultOffset => SourceOffset * Tensor.DType.BitsPerElement() / Tensor.Source.DType.BitsPerElement();

    /// <summary>Its length there.</summary>
    public int ResultLength => checked((int)((long)SourceLength * Tensor.DType.BitsPerElement() / Tensor.Source.DType.BitsPerElement()));
}
