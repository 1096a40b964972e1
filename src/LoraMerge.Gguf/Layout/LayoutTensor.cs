using System.Collections.Immutable;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Layout;

/// <summary>A tensor of the file: either made of tensors of the merged model, or of numbers that follow from its config.</summary>
/// <param name="Name">In the file.</param>
/// <param name="Type">How it is written.</param>
/// <param name="Shape">In the file, rows first.</param>
/// <param name="Sources">Of the merged model, equal in shape; several are stacked. Empty where <paramref name="Numbers"/> are given.</param>
/// <param name="Steps">What happens to them, in this order.</param>
/// <param name="Numbers">The values themselves, where no tensor holds them.</param>
internal sealed record LayoutTensor(
    string Name, GgufType Type, ImmutableArray<long> Shape, ImmutableArray<SourceTensor> Sources, ImmutableArray<Step> Steps, ImmutableArray<float> Numbers)
{
    /// <summary>Whether readers add what an adapter adds where they compute with it.</summary>
    public bool TakesAdapter { get; init; } = true;

    public long RowLength => Shape[^1];

    public long RowCount => Shape.Take(Shape.Length - 1).Aggregate(1L, (product, side) => product * side);
}
