using System.Collections.Immutable;
using LoraMerge.Architectures.Names;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>A trained weight that the base's files hold as rows of a larger tensor, or as several tensors.</summary>
/// <param name="Segments">Where its rows lie, in their order.</param>
/// <param name="IsInOrder">Whether all rows are there, one behind the other; if not, a change cannot be taken apart.</param>
internal sealed record WeightParts(ImmutableArray<RowSegment> Segments, bool IsInOrder)
{
    /// <summary>The trained weight as one tensor, for its shape.</summary>
    public TensorSource AsOne => Segments[0].Stored with { Shape = [Segments.Sum(segment => segment.RowCount), .. Segments[0].Stored.Shape.Skip(1)] };

    /// <summary>For messages.</summary>
    public string Text => string.Join(" + ", Segments.Select(segment => segment.Text));

    /// <param name="places">Where transformers' names say that it lies.</param>
    /// <param name="checkpoint">The base.</param>
    public static WeightParts Of(ImmutableArray<TensorPlace> places, Checkpoint checkpoint)
    {
        ImmutableArray<RowSegment>.Builder segments = ImmutableArray.CreateBuilder<RowSegment>();
        bool isInOrder = places[0].OfTrained.Count == places.Length;
        long trained = 0;
        foreach (TensorPlace place in places.OrderBy(place => place.OfTrained.Index))
        {
            checkpoint.TryFind(place.Tensor, out TensorSource? stored);
            isInOrder &= IsBlock(place.OfFile) && IsBlock(place.OfTrained) && place.OfTrained.Index == segments.Count
                && stored!.RowCount % place.OfFile.Count == 0;
            long rows = stored!.RowCount / place.OfFile.Count;
            segments.Add(new RowSegment(stored, rows * place.OfFile.Index, rows, trained));
            trained += rows;
        }
        return new WeightParts(segments.ToImmutable(), isInOrder);
    }

    private static bool IsBlock(RowShare share) => share.IsWhole || share.Order == RowOrder.Blocks;
}
