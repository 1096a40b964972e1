using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>What happens to a tensor on its way to the file, in safetensors' shapes.</summary>
internal abstract record Step
{
    /// <summary>The shape after it.</summary>
    public abstract ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape);

    /// <summary>
    /// Rows, seen as heads × 2 × half × rest: the middle two are swapped, so that the halves that rope turns against each other become pairs.
    /// </summary>
    public sealed record Rope(long Heads) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => shape;
    }

    /// <summary>A number is added to each element.</summary>
    public sealed record Plus(float Value) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => shape;
    }

    /// <summary>The last two dimensions are swapped.</summary>
    public sealed record Transpose : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => [.. shape[..^2], shape[^1], shape[^2]];
    }

    /// <summary>Several tensors become one, with a new first dimension.</summary>
    public sealed record Stack(int Count) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => [Count, .. shape];
    }

    /// <summary>Every <paramref name="By"/>-th entry of a dimension, from <paramref name="Start"/> to before <paramref name="Stop"/>.</summary>
    public sealed record Take(int Axis, long Start, long Stop, long By = 1) : Step
    {
        public long Count => (Stop - Start + By - 1) / By;

        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => shape.SetItem(Axis, Count);
    }

    /// <summary>Other dimensions, the same order of elements.</summary>
    public sealed record Reshape(ImmutableArray<long> Shape) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => Shape;

        public bool Equals(Reshape? other) => other is not null && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

        public override int GetHashCode() => Shape.Length;
    }
}
