using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.RandLora;

/// <summary>W′ = W + s·B̃·Ã, or its transpose: Ã[(q, b), i] = λ[q, b]·A[q, i]·γ[b, i], B̃[o, (b, q)] = B[o, b, q].</summary>
/// <remarks>
/// RandLoRA, arXiv 2502.00987; PEFT, <c>Linear.get_scaled_bases</c>, which flattens q and b in one order for Ã and in the other for B̃ and multiplies them so:
/// that is what is trained.
/// The inner side is as long as the smaller side of W, so both are about as large as W; rows of the product are made piece by piece.
/// </remarks>
internal sealed class RandLoraDelta : AddedRowsDelta
{
    private readonly Tensor _left;
    private readonly Tensor _right;
    private Tensor? _memory;

    /// <param name="left"><c>[rows, inner]</c> as W is stored, dtype of W's buffer; owned by this delta.</param>
    /// <param name="right"><c>[inner, columns]</c>; likewise.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    private RandLoraDelta(Tensor left, Tensor right, double scaling)
        : base(scaling)
    {
        _left = left;
        _right = right;
    }

    public static RandLoraDelta Of(RandLoraChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        ProjectionPair shared = change.Draw is RandLoraDraw draw
            ? inputs.Kept.Of(new KeptPair(draw, null, inputs.DType), () => RandLoraFactors.Draw(draw, inputs.DType, inputs.Device), room: 1)
            : inputs.Kept.Of(new KeptPair(null, change.B, inputs.DType), () => Read(change, inputs), room: 1);
        (long rank, long products, long smaller) = (change.Lambda.Shape[0], change.Lambda.Shape[1], change.Gamma.Shape[1]);
        long larger = inputs.Weight.ElementCount / smaller;
        Tensor a = shared.A.narrow(2, 0, smaller) * inputs.Read(change.Lambda).unsqueeze(2); // [r, products, smaller]
        a = a.mul_(inputs.Read(change.Gamma)).reshape(rank * products, smaller);
        Tensor b = shared.B.narrow(0, 0, larger).narrow(1, 0, products).reshape(larger, products * rank);
        return change.IsTurned
            ? new RandLoraDelta(a.t().MoveToOuterDisposeScope(), b.t().MoveToOuterDisposeScope(), change.Scaling)
            : new RandLoraDelta(b.MoveToOuterDisposeScope(), a.MoveToOuterDisposeScope(), change.Scaling);
    }

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        long columns = _right.shape[1];
        foreach ((long first, long rows) in PieceSize.Cut(count, columns))
        {
            using var scope = NewDisposeScope();
            _memory ??= empty([PieceSize.RowsFor(columns), columns], dtype, device).DetachFromDisposeScope();
            yield return (_memory.narrow(0, 0, rows).addmm_(_left.narrow(0, firstRow + first, rows), _right, beta: 0, alpha: 1), first);
        }
    }

    public override void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
        _memory?.Dispose();
    }

    private static ProjectionPair Read(RandLoraChange change, DeltaInputs inputs) =>
        new(inputs.Read(change.A!).DetachFromDisposeScope(), inputs.Read(change.B!).DetachFromDisposeScope());

    private sealed record KeptPair(RandLoraDraw? Draw, StoredTensor? B, ScalarType DType);
}
