using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>Makes the arithmetic of a combined change: whatever the way, it ends in one pair of low-rank factors.</summary>
internal static class CombinedDeltas
{
    /// <param name="planned">What to combine.</param>
    /// <param name="files">Where the adapters' tensors are read from.</param>
    /// <param name="dtype">The dtype of W's buffer.</param>
    /// <param name="device">Where W's buffer lies.</param>
    /// <remarks>
    /// Ways that stay in low rank run in float64 on the CPU, where they cost little; those that need whole products run where W's buffer lies,
    /// in its dtype. All of it on one thread: a decomposition that is cut up for several has other last digits.
    /// </remarks>
    /// <exception cref="LoraMergeException">LORA3013: a number of an adapter is not finite.</exception>
    public static WeightDelta Load(CombinedChange planned, TensorFiles files, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        using var single = new SingleThread();
        bool isWhole = planned.Combination.Way.NeedsWholeProducts;
        FactorPair[] pairs = [.. planned.Sources.Select(source => Read(source, files, isWhole ? dtype : ScalarType.Float64, isWhole ? device : CPU))];
        (Tensor a, Tensor b) = Combine(planned, pairs);
        if (planned.Sources[0].Factors.IsTransposed)
            (a, b) = (b.t(), a.t());
        return new LowRankDelta(Own(a, dtype, device), Own(b, dtype, device), 1);
    }

    private static FactorPair Read(CombinedSource source, TensorFiles files, ScalarType dtype, Device device) => new(
        AsRows(AdapterValues.Read(source.Factors.A, files, dtype, device)),
        AsRows(AdapterValues.Read(source.Factors.B, files, dtype, device)),
        source.Factors.Scaling,
        source.AdapterWeight);

    /// <summary>The one place that knows which way is what.</summary>
    private static (Tensor A, Tensor B) Combine(CombinedChange planned, FactorPair[] pairs)
    {
        Combination how = planned.Combination;
        double density = how.Density?.Value ?? 1;
        int rank = how.SvdRank ?? int.MaxValue;
        return how.Way switch
        {
            CombinationWay.Linear => FactorWise.Combine(pairs, LinearWay),
            CombinationWay.Cat => Cat.Combine(pairs),
            CombinationWay.Svd => Svd.Combine(pairs, rank),
            CombinationWay.Ties => FactorWise.Combine(pairs, TiesWay),
            CombinationWay.TiesSvd => ProductWise.Combine(pairs, TiesWay, rank),
            CombinationWay.DareLinear => FactorWise.Combine(pairs, DareLinearWay),
            CombinationWay.DareLinearSvd => ProductWise.Combine(pairs, DareLinearWay, rank),
            CombinationWay.DareTies => FactorWise.Combine(pairs, DareTiesWay),
            CombinationWay.DareTiesSvd => ProductWise.Combine(pairs, DareTiesWay, rank),
            CombinationWay.MagnitudePrune => FactorWise.Combine(pairs, MagnitudePruneWay),
            CombinationWay.MagnitudePruneSvd => ProductWise.Combine(pairs, MagnitudePruneWay, rank),
            _ => throw new NotSupportedException(how.Way.ToString()),
        };

        Tensor LinearWay(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, string part) => Linear.Combine(tensors, weights);
        Tensor MagnitudePruneWay(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, string part) => MagnitudePrune.Combine(tensors, weights, density);
        Tensor TiesWay(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, string part) => Ties.Combine(tensors, weights, density, how.MajoritySign);
        Tensor DareLinearWay(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, string part) =>
            DareLinear.Combine(tensors, weights, density, Draws(part));
        Tensor DareTiesWay(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, string part) =>
            DareTies.Combine(tensors, weights, density, how.MajoritySign, Draws(part));
        DareDraws[] Draws(string part) => [.. planned.Adapters.Select(adapter => new DareDraws(planned.Module, adapter, part))];
    }

    /// <summary>Kernels of convolutions are flattened: their first dimension is rows.</summary>
    private static Tensor AsRows(Tensor tensor) => tensor.reshape(tensor.shape[0], -1);

    /// <summary>A copy of its own, since the delta scales its factors in place.</summary>
    private static Tensor Own(Tensor tensor, ScalarType dtype, Device device) => tensor.to(dtype).to(device).clone().contiguous().MoveToOuterDisposeScope();
}
