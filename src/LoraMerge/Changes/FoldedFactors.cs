using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Changes;

/// <summary>Low-rank changes of one weight as two matrices, scalings folded in: W′ = W + B·A, as W is stored. Several changes lie side by side.</summary>
/// <param name="B"><c>[rows, r]</c>.</param>
/// <param name="A"><c>[r, columns]</c>.</param>
internal sealed record FoldedFactors(float[] B, float[] A)
{
    /// <summary>Makes them in float64, and rounds once.</summary>
    /// <param name="changes">The changes; at least one.</param>
    /// <param name="weight">The weight that they change, a matrix.</param>
    /// <param name="files">Reads the adapters.</param>
    /// <param name="kept">What several changes share.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013: a number of the adapter is not finite.</exception>
    public static FoldedFactors Of(IEnumerable<LowRankChange> changes, WeightFacts weight, TensorFiles files, KeptFactors kept)
    {
        using var scope = NewDisposeScope();
        var inputs = new DeltaInputs(files, ScalarType.Float64, CPU, weight, kept);
        List<Tensor> bs = [], @as = [];
        foreach (LowRankChange change in changes)
        {
            using LowRankDelta delta = change.LoadProduct(inputs);
            (Tensor b, Tensor a) = delta.Factors;
            bs.Add(b.clone());
            @as.Add(a.clone());
        }
        Tensor allB = cat([.. bs], dim: 1), allA = cat([.. @as], dim: 0);
        return new FoldedFactors(ToFloats(allB), ToFloats(allA));
    }

    private static float[] ToFloats(Tensor matrix) => matrix.to(ScalarType.Float32).contiguous().data<float>().ToArray();
}
