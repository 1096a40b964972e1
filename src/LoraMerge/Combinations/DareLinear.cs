using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>F(T) = Σ wᵢ·R(Tᵢ), where R keeps elements at random and rescales them.</summary>
/// <remarks>DARE with task arithmetic, arXiv 2311.03099; PEFT, <c>merge_utils.dare_linear</c>.</remarks>
internal static class DareLinear
{
    /// <inheritdoc cref="ElementwiseWay"/>
    /// <param name="tensors"><inheritdoc/></param>
    /// <param name="weights"><inheritdoc/></param>
    /// <param name="density">Probability of an element to stay; above 0.</param>
    /// <param name="draws">The draws of each tensor.</param>
    public static Tensor Combine(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, double density, IReadOnlyList<DareDraws> draws) =>
        Linear.Combine(tensors.Select((tensor, i) => Dare.Prune(tensor, density, draws[i])), weights);
}
