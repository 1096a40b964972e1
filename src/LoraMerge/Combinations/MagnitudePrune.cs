using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>F(T) = Σ wᵢ·P(Tᵢ), where P keeps the k = ⌊density·elements⌋ elements of largest magnitude and makes the others 0; nothing is rescaled.</summary>
/// <remarks>PEFT, <c>merge_utils.magnitude_prune</c>.</remarks>
internal static class MagnitudePrune
{
    /// <inheritdoc cref="ElementwiseWay"/>
    public static Tensor Combine(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, double density) =>
        Linear.Combine(tensors.Select(tensor => Prune(tensor, density)), weights);

    /// <summary>P, in place.</summary>
    /// <remarks>
    /// PEFT, <c>merge_utils.magnitude_based_pruning</c>. Among equal magnitudes at the threshold torch's own <c>topk</c> on the CPU chooses, as
    /// it does in PEFT; on a GPU it would choose others.
    /// </remarks>
    public static Tensor Prune(Tensor tensor, double density)
    {
        if (density >= 1)
            return tensor;
        long kept = (long)(density * tensor.numel());
        if (kept == 0)
            return tensor.zero_();
        using var scope = NewDisposeScope();
        Tensor magnitudes = tensor.abs().cpu().flatten();
        (_, Tensor largest) = magnitudes.topk(checked((int)kept), sorted: false);
        Tensor mask = zeros(tensor.numel(), ScalarType.Bool);
        mask.Mark(largest);
        tensor.mul_(mask.view(tensor.shape).to(tensor.device));
        return tensor;
    }
}
