using LoraMerge.Checkpoints;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>A few coefficients of a transform of a weight, at places that a seed draws.</summary>
internal sealed class SeededSpectrum : IDisposable
{
    /// <param name="inputs">What the change is made from.</param>
    /// <param name="stored">The coefficients, <c>[n]</c>.</param>
    /// <param name="seed">Draws their places among all elements of <c>[out, in]</c>.</param>
    /// <param name="isTransposed">Whether the weight is stored <c>[in, out]</c>.</param>
    public SeededSpectrum(DeltaInputs inputs, StoredTensor stored, long seed, bool isTransposed)
    {
        using var scope = NewDisposeScope();
        long columns = isTransposed ? inputs.Weight.RowCount : inputs.Weight.RowLength; // inputs of the layer
        Tensor places = SeededPlaces.Of(inputs.Weight.ElementCount, stored.ElementCount, seed, inputs.Kept);
        Tensor outputs = places.FloorDividedBy(columns), others = places - outputs.Times(columns);
        Rows = (isTransposed ? others : outputs).to(inputs.Device).DetachFromDisposeScope();
        Columns = (isTransposed ? outputs : others).to(inputs.Device).DetachFromDisposeScope();
        Values = inputs.Read(stored).to(ScalarType.Float64).DetachFromDisposeScope();
    }

    /// <summary>Row of each coefficient, as the weight is stored: <c>[n]</c>, int64.</summary>
    public Tensor Rows { get; }

    /// <summary>Its column.</summary>
    public Tensor Columns { get; }

    /// <summary>The coefficients, <c>[n]</c>, float64.</summary>
    public Tensor Values { get; }

    /// <summary>What is made for a row of that length: its transform, and its products with all coefficients.</summary>
    public long ElementsOfRow(long rowLength) => 8 * Math.Max(rowLength, Values.shape[0]);

    public void Dispose()
    {
        Rows.Dispose();
        Columns.Dispose();
        Values.Dispose();
    }
}
