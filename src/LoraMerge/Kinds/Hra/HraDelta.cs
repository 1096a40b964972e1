using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Hra;

/// <summary>W′ = W·H with H = (I - 2·u₁u₁ᵀ)·(I - 2·u₂u₂ᵀ)·…, for unit vectors u.</summary>
/// <remarks>
/// HRA, arXiv 2405.17484; PEFT, <c>HRALayer.get_delta_weight</c>, which builds H as a square matrix. H is I - Y·Uᵀ with a Y of r columns (the compact form of
/// Schreiber and Van Loan),
/// which is computed in float64, so that W + c·(W·H - W) = W - c·(W·Y)·Uᵀ takes two thin products.
/// </remarks>
internal sealed class HraDelta : WeightDelta
{
    private readonly Tensor _y;
    private readonly Tensor _u;

    private HraDelta(Tensor y, Tensor u)
    {
        _y = y;
        _u = u;
    }

    /// <param name="normals"><c>[in, r]</c>, dtype of W's buffer; disposed here.</param>
    /// <param name="isOrthonormalised">Whether the normals are made orthonormal first, one after another.</param>
    /// <param name="adapterWeight">c.</param>
    public static HraDelta Of(Tensor normals, bool isOrthonormalised, double adapterWeight)
    {
        using var scope = NewDisposeScope();
        ScalarType dtype = normals.dtype;
        Tensor u = normals.to(ScalarType.Float64).clone();
        normals.Dispose();
        Tensor y = empty_like(u);
        for (long i = 0; i < u.shape[1]; i++)
        {
            Tensor column = u.select(1, i), before = u.narrow(1, 0, i);
            for (long j = 0; isOrthonormalised && j < i; j++)
                column.sub_(u.select(1, j) * u.select(1, j).dot(column));
            column.div_(column.norm());
            y.select(1, i).copy_(column - y.narrow(1, 0, i).matmul(before.t().matmul(column))).Multiply(2);
        }
        return new HraDelta(y.Multiply(adapterWeight).to(dtype).DetachFromDisposeScope(), u.t().contiguous().to(dtype).DetachFromDisposeScope());
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        w.addmm_(w.matmul(_y), _u, beta: 1, alpha: -1);
    }

    public override void Dispose()
    {
        _y.Dispose();
        _u.Dispose();
    }
}
