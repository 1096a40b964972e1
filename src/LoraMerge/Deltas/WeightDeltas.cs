using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Makes the arithmetic of a planned change: reads the adapter's tensors, checks their numbers, brings them to the device.</summary>
internal static class WeightDeltas
{
    /// <param name="planned">What to do.</param>
    /// <param name="tensor">The tensor that it changes.</param>
    /// <param name="files">Where the adapter's tensors are read from.</param>
    /// <param name="experts">Keeps the factors that the tensors of several experts share.</param>
    /// <param name="dtype">The dtype of W's buffer.</param>
    /// <param name="device">Where W's buffer lies.</param>
    /// <exception cref="LoraMergeException">LORA3013: a number of the adapter is not finite.</exception>
    public static WeightDelta Load(PlannedDelta planned, PlannedTensor tensor, TensorFiles files, ExpertFactors experts, ScalarType dtype, Device device) => planned switch
    {
        PlannedDelta.LowRank lora => LoadLora(lora, files, dtype, device),
        PlannedDelta.Dora dora => new DoraDelta(
            LoadLora(dora.Product, files, dtype, device), AdapterValues.Read(dora.Magnitude, files, dtype, device).flatten(), dora.IsByColumn, dora.AdapterWeight, dora.Module,
            dora.HasNormOfStored ? LoadLora(dora.Product with { IsTransposed = false }, files, dtype, device) : null),
        PlannedDelta.Experts parameter => experts.Load(parameter, files, dtype, device),
        PlannedDelta.BaseReduced { Removed: BasePart.FirstColumns } olora => new FirstColumnsDelta(
            tensor.Source.RowCount, tensor.Source.RowLength, olora.Rank, olora.Factor),
        PlannedDelta.BaseReduced reduced => new SingularPartDelta(
            tensor.Source.RowCount, tensor.Source.RowLength, reduced.Rank, reduced.Removed == BasePart.LargestSingularValues, reduced.Factor),
        PlannedDelta.Part part => new PartDelta(LoadLora(part.Product, files, dtype, device), part.Place, tensor.Source.Shape[^1]),
        PlannedDelta.PartMovedTowards part => new PartDelta(new MovedDelta(part.Values, files, part.AdapterWeight), part.Place, tensor.Source.Shape[^1]),
        PlannedDelta.Scaled scaled => new ScaledDelta(scaled.Factor),
        PlannedDelta.SameAs same => new SameValuesDelta(same.Values, files),
        PlannedDelta.Added added => new AddedDelta(added.Values, files, added.Scaling),
        PlannedDelta.Rows rows => new RowsDelta(AsRows(AdapterValues.Read(rows.Values, files, dtype, device)), rows.Indices, rows.AdapterWeight),
        PlannedDelta.MovedTowards whole => new MovedDelta(whole.Values, files, whole.AdapterWeight),
        _ => throw new NotSupportedException(planned.GetType().Name),
    };

    /// <summary>A weight stored <c>[in, out]</c> gets (B·A)ᵀ = Aᵀ·Bᵀ, which is the same formula with the factors exchanged.</summary>
    private static LoraDelta LoadLora(PlannedDelta.LowRank lora, TensorFiles files, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor a = AsRows(AdapterValues.Read(lora.A, files, dtype, device)); // [r, in]
        Tensor b = AsRows(AdapterValues.Read(lora.B, files, dtype, device)); // [out, r]
        a = BlockDiagonal.Expand(a, lora.ABlocks);
        b = BlockDiagonal.Expand(b, lora.BBlocks);
        b = FusedProjections.Expand(b, lora.EnabledProjections);
        if (lora.Diagonal is { } diagonal)
            b = b.mul(AdapterValues.Read(diagonal, files, dtype, device)); // B·diag(σ), KaSA
        if (lora.IsTransposed)
            (a, b) = (b.t().contiguous(), a.t().contiguous());
        return new LoraDelta(a.MoveToOuterDisposeScope(), b.MoveToOuterDisposeScope(), lora.Scaling);
    }

    /// <summary>As the pipeline sees every tensor: its first dimension is rows, all others together one row.</summary>
    private static Tensor AsRows(Tensor tensor) => tensor.dim() == 0 ? tensor.reshape(1, 1) : tensor.reshape(tensor.shape[0], tensor.shape.Skip(1).Aggregate(1L, (product, side) => product * side));
}
