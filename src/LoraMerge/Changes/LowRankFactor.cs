using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Changes;

/// <summary>One of the two factors of a low-rank product B·A, however the adapter stores it.</summary>
/// <remarks>
/// Kinds that store a factor in parts derive from it; orientation, convolutions, parts of larger tensors, norms and weights then come from
/// <see cref="LowRankChange"/>.
/// </remarks>
internal abstract record LowRankFactor
{
    /// <summary>Its shape as a matrix: <c>[r, in]</c> of A, with the kernels of a convolution flattened, and <c>[out, r]</c> of B.</summary>
    internal abstract (long Rows, long Columns) Sides { get; }

    /// <summary>The shape as it is written in messages.</summary>
    internal virtual string ShapeText => string.Create(CultureInfo.InvariantCulture, $"[{Sides.Rows}, {Sides.Columns}]");

    /// <summary>
    /// What is held besides it while tensor after tensor is worked on, where that grows with the model; a factor of a small rank is too little to count.
    /// </summary>
    internal virtual long HeldBytes => 0;

    /// <summary>The matrix, in the buffer's dtype and on its device; the caller's.</summary>
    internal abstract Tensor Load(DeltaInputs inputs);
}

/// <summary>A factor that is stored as it is.</summary>
/// <param name="Stored">A: <c>[r, in]</c>, of convolutions <c>[r, in, k…]</c>. B: <c>[out, r]</c>, of convolutions <c>[out, r, 1…]</c>.</param>
internal sealed record StoredFactor(StoredTensor Stored) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (Stored.RowCount, Stored.RowLength);

    internal override string ShapeText => Stored.ShapeText;

    internal override Tensor Load(DeltaInputs inputs) => inputs.ReadAsRows(Stored);
}

/// <summary>A product that ways to combine can take apart.</summary>
/// <param name="A"><c>[r, in…]</c>.</param>
/// <param name="B"><c>[out, r…]</c>.</param>
/// <param name="Scaling">s of the module, times the weight of the adapter.</param>
/// <param name="IsTransposed">Whether W gets (B·A)ᵀ.</param>
internal sealed record LowRankForm(StoredTensor A, StoredTensor B, double Scaling, bool IsTransposed)
{
    /// <summary>r.</summary>
    public long Rank => A.Shape[0];
}
