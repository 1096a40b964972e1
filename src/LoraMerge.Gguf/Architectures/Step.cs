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

    /// <summary>-exp(x) in the place of each element x.</summary>
    public sealed record NegateExponential : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => shape;
    }

    /// <summary>Rows of zeros behind the last one of a matrix, until there are as many as this.</summary>
    public sealed record Pad(long Rows) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => shape.SetItem(0, Rows);
    }

    /// <summary>Runs of entries of the first or the last dimension, one behind the other.</summary>
    public sealed record Arrange(int Axis, ImmutableArray<(long Start, long Count)> Parts) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => shape.SetItem(Axis, Parts.Sum(part => part.Count));

        /// <summary>Whether all entries stay where they are.</summary>
        public bool IsNone(ImmutableArray<long> shape)
        {
            long next = 0;
            foreach ((long start, long count) in Parts)
            {
                if (count > 0 && start != next)
                    return false;
                next += count;
            }

            return next == shape[Axis];
        }

        public bool Equals(Arrange? other) => other is not null && Axis == other.Axis && Parts.AsSpan().SequenceEqual(other.Parts.AsSpan());

        public override int GetHashCode() => HashCode.Combine(Axis, Parts.Length);
    }

    /// <summary>Other dimensions, the same order of elements.</summary>
    public sealed record Reshape(ImmutableArray<long> Shape) : Step
    {
        public override ImmutableArray<long> ShapeAfter(ImmutableArray<long> shape) => Shape;

        public bool Equals(Reshape? other) => other is not null && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

        public override int GetHashCode() => Shape.Length;
    }
}
