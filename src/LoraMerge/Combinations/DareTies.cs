using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>F(T) as in <see cref="Ties"/>, where elements are kept at random and rescaled instead of by their magnitude.</summary>
/// <remarks>DARE with TIES' election, arXiv 2311.03099; PEFT, <c>merge_utils.dare_ties</c>.</remarks>
internal static class DareTies
{
    /// <inheritdoc cref="ElementwiseWay"/>
    /// <param name="tensors"><inheritdoc/></param>
    /// <param name="weights"><inheritdoc/></param>
    /// <param name="density">Probability of an element to stay; above 0.</param>
    /// <param name="majority">How signs are elected.</param>
    /// <param name="draws">The draws of each tensor.</param>
    public static Tensor Combine(
        IEnumerable<Tensor> tensors,
        IReadOnlyList<double> weights,
        double density,
        MajoritySign majority,
        IReadOnlyList<DareDraws> draws
    ) => Ties.Elect([.. tensors.Select((tensor, i) => Dare.Prune(tensor, density, draws[i]))], weights, majority);
}
