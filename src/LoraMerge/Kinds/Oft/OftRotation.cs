using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Oft;

/// <summary>Makes OFT's rotations of what is stored, in float64.</summary>
/// <remarks>PEFT, <c>OFTRotationModule._cayley_batch</c> and <c>_project_batch</c>, and the same of earlier releases. Series and inverse turn opposite ways, as
/// they do in PEFT.</remarks>
internal static class OftRotation
{
    /// <summary>The arithmetic of a change.</summary>
    public static WeightDelta Load(OftChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor stored = inputs.Read(change.Blocks).to(ScalarType.Float64);
        Tensor rotations = Of(change.Form, stored, change.BlockSize, change.Limit, change.SeriesTerms, change.HasFullLastTerm)
            .expand(change.BlockCount, change.BlockSize, change.BlockSize);
        Tensor blocks = (change.Form == OftForm.EmbeddingTriangles ? rotations : rotations.transpose(1, 2)).contiguous().DetachFromDisposeScope();
        if (change.Form == OftForm.OutputBlocks)
            return new WeightedDelta(new OutputRotationDelta(blocks), change.AdapterWeight, change.RowsTogether);
        Tensor? factors = change.Factors is null ? null : inputs.Read(change.Factors).flatten().to(ScalarType.Float64).DetachFromDisposeScope();
        return new WeightedDelta(new RotationDelta([new RotationStep(blocks)], factors), change.AdapterWeight, change.RowsTogether);
    }

    /// <param name="form">What is stored.</param>
    /// <param name="stored">In its shape, float64.</param>
    /// <param name="size">n.</param>
    /// <param name="limit">The largest Frobenius norm of a block; null for none. Of blocks it holds before their skew-symmetric part is taken, as in the
    /// releases that have them.</param>
    /// <param name="terms">Terms of the series; 0 for the inverse.</param>
    /// <param name="hasFullLastTerm">Whether the last of them counts twice.</param>
    /// <returns>R, <c>[stored blocks, n, n]</c>, in the caller's scope.</returns>
    public static Tensor Of(OftForm form, Tensor stored, long size, double? limit, int terms, bool hasFullLastTerm)
    {
        using var scope = NewDisposeScope();
        bool isTriangle = form is OftForm.Triangles or OftForm.EmbeddingTriangles;
        Tensor blocks = isTriangle ? Rotation.Skew(stored, size) : stored;
        if (limit is double largest)
            blocks = Rotation.Limited(blocks, largest);
        Tensor skew = isTriangle ? blocks : Rotation.SkewPart(blocks);
        return (terms == 0 ? Rotation.Cayley(skew) : Rotation.Series(skew, terms, hasFullLastTerm)).MoveToOuterDisposeScope();
    }
}
