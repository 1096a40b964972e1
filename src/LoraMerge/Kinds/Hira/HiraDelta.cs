using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Hira;

/// <summary>W′ = W + c·W₀ ⊙ (B·A), with W₀ the weight before all adapters.</summary>
/// <remarks>HiRA, ICLR 2025; PEFT, <c>HiraLayer._merge</c>, which rounds B·A, the product with W₀ and the sum to W's dtype one by one; here only the result is
/// rounded.</remarks>
/// <param name="a">As W is stored: <c>[r, row length]</c>, dtype of W's buffer; owned by this delta.</param>
/// <param name="b"><c>[rows, r]</c>, likewise.</param>
/// <param name="adapterWeight">c.</param>
internal sealed class HiraDelta(Tensor a, Tensor b, double adapterWeight) : WeightDelta
{
    /// <summary>The arithmetic of a change.</summary>
    public static HiraDelta Load(HiraChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor a = inputs.ReadAsRows(change.A), b = inputs.ReadAsRows(change.B);
        return change.IsTransposed
            ? new HiraDelta(b.t().contiguous().DetachFromDisposeScope(), a.t().contiguous().DetachFromDisposeScope(), change.AdapterWeight)
            : new HiraDelta(a.DetachFromDisposeScope(), b.DetachFromDisposeScope(), change.AdapterWeight);
    }

    public override void ApplyTo(Tensor w, long firstRow) => throw new NotSupportedException("It needs the weight before all changes.");

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        foreach ((long first, long count) in PieceSize.Cut(w.shape[0], elementsOfRow: 2 * w.shape[1]))
        {
            using var scope = NewDisposeScope();
            Tensor share = b.narrow(0, firstRow + first, count).matmul(a).Multiply(adapterWeight);
            w.narrow(0, first, count).Add(share.mul_(source.narrow(0, first, count).to(w.device)));
        }
    }

    public override void Dispose()
    {
        a.Dispose();
        b.Dispose();
    }
}
