using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>F(T) = Σ wᵢ·Tᵢ.</summary>
/// <remarks>Task arithmetic, arXiv 2212.04089; PEFT, <c>merge_utils.task_arithmetic</c>.</remarks>
internal static class Linear
{
    /// <inheritdoc cref="ElementwiseWay"/>
    public static Tensor Combine(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights)
    {
        Tensor? sum = null;
        foreach ((int i, Tensor tensor) in tensors.Index())
        {
            if (sum is null)
            {
                sum = tensor.Multiply(weights[i]);
            }
            else
            {
                sum.Add(tensor, times: weights[i]);
                tensor.Dispose();
            }
        }
        return sum ?? throw new ArgumentException("Nothing to combine.", nameof(tensors));
    }
}
