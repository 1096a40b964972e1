using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>What becomes of one tensor of the merged model.</summary>
/// <param name="Name">Its name in the merged model: the base's own.</param>
/// <param name="DType">Its element type in the merged model.</param>
/// <param name="Source">Where its values start from.</param>
internal abstract record PlannedTensor(string Name, DType DType, TensorSource Source)
{
    /// <summary>Its shape: that of its source, which a resized vocabulary has from the adapter.</summary>
    public ImmutableArray<long> Shape => Source.Shape;

    /// <summary>Bytes in the merged model.</summary>
    public long ByteLength => checked(Source.ElementCount * DType.BitsPerElement() / 8);

    /// <summary>Elements that are never cut apart: a row, which is a whole kernel of a convolution.</summary>
    public virtual long RowLength => Source.RowLength;

    /// <summary>Copied byte for byte from a file.</summary>
    /// <param name="Name"><inheritdoc/></param>
    /// <param name="Stored">Where its bytes lie.</param>
    public sealed record PassThrough(string Name, StoredTensor Stored) : PlannedTensor(Name, Stored.DType, Stored);

    /// <summary>Computed: widened, changed by the deltas in this order, rounded once.</summary>
    /// <param name="Name"><inheritdoc/></param>
    /// <param name="DType"><inheritdoc/></param>
    /// <param name="Source"><inheritdoc/></param>
    /// <param name="Changes">What is applied, in this order; empty where only the dtype changes.</param>
    /// <param name="ReplacedBy">The adapter whose file <paramref name="Source"/> lies in; null where the base is the source.</param>
    public sealed record Computed(string Name, DType DType, TensorSource Source, ImmutableArray<WeightChange> Changes, int? ReplacedBy)
        : PlannedTensor(Name, DType, Source)
    {
        /// <summary>
        /// What its values are rounded to by the format that it is written in: then <see cref="PlannedTensor.DType"/> only carries them there, and no rounding
        /// before that one may count. Null where the dtype is their last.
        /// </summary>
        internal DType? RoundedTo { get; init; }

        /// <summary>Rows as large as many layers are cut where all changes allow it, and so is what only changes its dtype.</summary>
        public override long RowLength => Changes.All(change => change.MayCutRows) ? (Source.Shape.IsEmpty ? 1 : Source.Shape[^1]) : base.RowLength;

        /// <summary>Rows that arithmetic takes at once, counted from the first; set by tests only, which look at small weights in several groups.</summary>
        internal long GroupRows
        {
            get => field > 0 ? field : RowGroup.RowsOf(RowLength, RowsTogether, Math.Max(Source.DType.BitsPerElement(), DType.BitsPerElement()) / 8);
            init;
        }

        /// <summary>Elements of such a group, which is never cut apart.</summary>
        internal long GroupLength => Math.Min(Source.ElementCount, checked(GroupRows * RowLength));

        /// <summary>What its changes know of it.</summary>
        internal WeightFacts Facts => new(Source.Shape, Source.DType, RoundedTo ?? DType);

        /// <summary>Rows that a change needs together, counted from the first.</summary>
        internal long RowsTogether =>
            Math.Min(Changes.Aggregate(1L, (rows, change) => LeastCommonMultiple(rows, change.RowsTogether)), Math.Max(Source.RowCount, 1));

        private static long LeastCommonMultiple(long one, long other) =>
            one == other ? one : checked(one / (long)System.Numerics.BigInteger.GreatestCommonDivisor(one, other) * other);
    }
}
