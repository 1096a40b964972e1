using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.DeLora;

/// <summary>B·diag(λ / (r·‖a‖·‖b‖)), for rows a of A and columns b of B; norms are at least 1e-4.</summary>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Length">λ.</param>
/// <remarks>DeLoRA, arXiv 2503.18225; PEFT, <c>DeloraLayer._compute_delta</c>. Norms and factors are computed in float64.</remarks>
internal sealed record DeLoraLeftFactor(StoredTensor A, StoredTensor B, StoredTensor Length) : LowRankFactor
{
    private const double LeastNorm = 1e-4;

    internal override (long Rows, long Columns) Sides => (B.RowCount, B.RowLength);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor a = inputs.Read(A).to(ScalarType.Float64), b = inputs.Read(B).to(ScalarType.Float64), length = inputs.Read(Length).to(ScalarType.Float64);
        Tensor norms = linalg.norm(a, ord: 2.0, dims: [1]).AtLeast(LeastNorm) * linalg.norm(b, ord: 2.0, dims: [0]).AtLeast(LeastNorm);
        return b.mul(length.DividedBy(A.RowCount).div(norms)).to(inputs.DType).MoveToOuterDisposeScope();
    }
}
