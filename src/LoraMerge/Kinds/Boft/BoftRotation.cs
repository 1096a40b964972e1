using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Boft;

/// <summary>Makes BOFT's rotations of what is stored, in float64.</summary>
internal static class BoftRotation
{
    /// <summary>The arithmetic of a change.</summary>
    public static WeightDelta Load(BoftChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        ImmutableArray<RotationStep>.Builder steps = ImmutableArray.CreateBuilder<RotationStep>();
        for (int factor = 0; factor < change.Blocks.Shape[0]; factor++)
        {
            Tensor blocks = inputs.ReadRows(change.Blocks, factor, 1)[0].to(ScalarType.Float64); // [blocks, n, n]
            Tensor turned = Rotation.Cayley(Rotation.SkewPart(blocks)).transpose(1, 2).contiguous().DetachFromDisposeScope();
            steps.Add(new RotationStep(turned, change.Blocks.Shape[0] == 1 ? null : Order(change.Blocks, factor).to(inputs.Device).DetachFromDisposeScope()));
        }
        Tensor factors = inputs.Read(change.Factors).flatten().to(ScalarType.Float64).DetachFromDisposeScope();
        WeightDelta rotation = change.IsAcross
            ? new AcrossRotationDelta(inputs.Weight.RowCount, inputs.Weight.RowLength, steps.ToImmutable(), factors)
            : new RotationDelta(steps.ToImmutable(), factors);
        return new WeightedDelta(rotation, change.AdapterWeight);
    }

    /// <summary>
    /// Column c of X·P is column order[c] of X. P has a 1 in row i at the place where half-blocks of a group of inputs land that are sorted into even and odd
    /// ones.
    /// </summary>
    private static Tensor Order(StoredTensor stored, int factor)
    {
        long inputs = stored.Shape[1] * stored.Shape[2], half = stored.Shape[2] / 2;
        long group = inputs / (stored.Shape[1] >> factor);
        long[] order = new long[inputs];
        for (long start = 0; start < inputs; start += group)
        {
            long chunks = group / half, evens = (chunks + 1) / 2;
            for (long chunk = 0; chunk < chunks; chunk++)
            {
                long source = chunk < evens ? 2 * chunk : (2 * (chunk - evens)) + 1;
                for (long i = 0; i < half; i++)
                    order[start + (source * half) + i] = start + (chunk * half) + i;
            }
        }
        return tensor(order);
    }
}
