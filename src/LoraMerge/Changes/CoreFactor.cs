using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Changes;

/// <summary>The inner side of a convolution that is stored by a core for its kernel and a matrix: A[i, (q, k…)] = Σⱼ core[i, j, k…]·matrix[j, q].</summary>
/// <param name="Core"><c>[r, r, k…]</c>.</param>
/// <param name="Matrix"><c>[r, in]</c>.</param>
/// <remarks>PEFT, <c>make_weight_cp</c>: with the outer side B <c>[out, r]</c> the weight is B·A, so that a convolution of this form is a plain product with
/// flattened kernels.</remarks>
internal sealed record CoreFactor(StoredTensor Core, StoredTensor Matrix) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (Core.RowCount, Core.RowLength / Core.Shape[1] * Matrix.RowLength);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor core = inputs.Read(Core).reshape(Core.Shape[0], Core.Shape[1], -1); // [i, j, k]
        return einsum("ijk,jq->iqk", core, inputs.Read(Matrix)).reshape(Sides.Rows, Sides.Columns).MoveToOuterDisposeScope();
    }
}
