using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Shira;

/// <summary>Makes SHiRA's sum of what is stored, or drawn by a seed.</summary>
internal static class ShiraDelta
{
    /// <summary>The arithmetic of a change.</summary>
    public static WeightDelta Load(ShiraChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor places = change.Places is null
            ? SeededPlaces.Of(inputs.Weight.ElementCount, change.Values.ElementCount, change.Seed!.Value, inputs.Kept).sort().Values.to(inputs.Device)
            : Stored(change.Places, inputs);
        return new PlacesDelta(places, inputs.Read(change.Values), change.AdapterWeight);
    }

    private static Tensor Stored(StoredTensor stored, DeltaInputs inputs)
    {
        Tensor rows = inputs.ReadIndices(stored.At(0), inputs.Weight.RowCount), columns = inputs.ReadIndices(stored.At(1), inputs.Weight.RowLength);
        return rows.Times(inputs.Weight.RowLength).Plus(columns);
    }
}
