using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Layout;

/// <summary>A tensor of the merged model, by the name that its safetensors folder would have.</summary>
/// <param name="Name">Such as <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
/// <param name="DType">What the base stores it as.</param>
/// <param name="Shape">As merged: an adapter may have more rows of the embedding than the base.</param>
internal sealed record SourceTensor(string Name, DType DType, ImmutableArray<long> Shape)
{
    public long ElementCount => Shape.Aggregate(1L, (product, side) => checked(product * side));

    public string ShapeText => TensorSize.ShapeText(Shape.AsSpan());
}
