using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>How large the buffers of a plan have to be: one for each dtype that its values have on their way, as large as the largest block.</summary>
internal sealed class BufferSizes
{
    private readonly Dictionary<DType, long> _elements = [];

    public BufferSizes(MergePlan plan)
    {
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            DType read = BlockBuffer.TypeFor(tensor.Source.DType);
            if (tensor is PlannedTensor.Computed computed)
            {
                Add(read, computed.GroupLength);
                Add(computed.DType, computed.GroupLength);
            }
            else
            {
                int elementBytes = read.BitsPerElement() / 8;
                Add(read, (Math.Min(tensor.ByteLength, Block.CopiedBytes) + elementBytes - 1) / elementBytes);
            }
        }
    }

    /// <summary>Bytes of one buffer of each dtype.</summary>
    public long ByteLength => _elements.Sum(pair => checked(pair.Value * pair.Key.BitsPerElement() / 8));

    /// <summary>Elements of a buffer of a dtype that the plan has.</summary>
    public long ElementsOf(DType dtype) => _elements[dtype];

    private void Add(DType dtype, long elements) => _elements[dtype] = Math.Max(_elements.GetValueOrDefault(dtype, 1), elements);
}
