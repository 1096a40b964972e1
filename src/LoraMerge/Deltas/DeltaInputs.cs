using LoraMerge.Checkpoints;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>What a change makes its arithmetic from: the adapters' files, and the weight that is changed.</summary>
/// <param name="Files">Where stored tensors are read from; the caller's.</param>
/// <param name="DType">The dtype of W's buffer.</param>
/// <param name="Device">Where W's buffer lies.</param>
/// <param name="Weight">The tensor that is changed.</param>
/// <param name="Kept">What the changes of several tensors share; the caller's.</param>
internal sealed record DeltaInputs(TensorFiles Files, ScalarType DType, Device Device, WeightFacts Weight, KeptFactors Kept)
{
    /// <summary>A tensor of an adapter, in its shape, widened to the buffer's dtype.</summary>
    /// <returns>The caller's.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public Tensor Read(TensorSource stored) => AdapterValues.Read(stored, Files, DType, Device);

    /// <summary>The same as rows: its first dimension, with all others together one row, as the pipeline sees every tensor.</summary>
    /// <returns><c>[rows, row length]</c>; the caller's.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public Tensor ReadAsRows(TensorSource stored)
    {
        using var scope = NewDisposeScope();
        return Read(stored).reshape(stored.RowCount, stored.RowLength).MoveToOuterDisposeScope();
    }

    /// <summary>A tensor of any shape as one row of numbers.</summary>
    /// <returns>One-dimensional; the caller's, outside of any dispose scope.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public Tensor ReadVector(TensorSource stored)
    {
        using var scope = NewDisposeScope();
        return Read(stored).flatten().DetachFromDisposeScope();
    }

    /// <summary>Some rows of a tensor.</summary>
    /// <returns><c>[count, …]</c>; the caller's.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public Tensor ReadRows(TensorSource stored, long firstRow, long count) => AdapterValues.ReadRows(stored, firstRow, count, Files, DType, Device);

    /// <summary>Whole numbers that count something.</summary>
    /// <param name="stored">The tensor.</param>
    /// <param name="count">How many things are counted: every number is less.</param>
    /// <returns>int64, in the stored shape; the caller's.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013, LORA3071.</exception>
    public Tensor ReadIndices(StoredTensor stored, long count) => AdapterValues.ReadIndices(stored, count, Files, Device);
}
