using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>
/// F(T) = Σ wᵢ·Pᵢ·Mᵢ / max(1, Σ Mᵢ), element by element: Pᵢ is Tᵢ pruned by magnitude, Mᵢ is 1 where its sign is the elected one. The sign is
/// elected among the Pᵢ, without weights: that of Σ Pᵢ (total) or of Σ sign(Pᵢ) (frequency), and + where that is 0.
/// </summary>
/// <remarks>TIES-Merging, arXiv 2306.01708; PEFT, <c>merge_utils.ties</c>. A pruned element has no vote and is not counted.</remarks>
internal static class Ties
{
    /// <inheritdoc cref="ElementwiseWay"/>
    public static Tensor Combine(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, double density, MajoritySign majority) =>
        Elect([.. tensors.Select(tensor => MagnitudePrune.Prune(tensor, density))], weights, majority);

    /// <summary>F of tensors that are pruned already.</summary>
    /// <remarks>PEFT, <c>merge_utils.calculate_majority_sign_mask</c> and <c>disjoint_merge</c>.</remarks>
    public static Tensor Elect(IReadOnlyList<Tensor> pruned, IReadOnlyList<double> weights, MajoritySign majority)
    {
        using var scope = NewDisposeScope();
        Tensor votes = zeros_like(pruned[0]);
        foreach (Tensor tensor in pruned)
        {
            using Tensor? sign = majority == MajoritySign.Frequency ? tensor.sign() : null;
            votes.Add(sign ?? tensor);
        }
        Tensor isPlus = votes.IsAtLeast(0);
        Tensor isMinus = isPlus.logical_not();
        Tensor sum = votes.zero_();
        Tensor count = zeros_like(sum);
        foreach ((int i, Tensor tensor) in pruned.Index())
        {
            using var element = NewDisposeScope();
            Tensor agrees = tensor.IsMoreThan(0).logical_and_(isPlus).logical_or_(tensor.IsLessThan(0).logical_and_(isMinus));
            count.Add(agrees);
            sum.Add(tensor.mul_(agrees), times: weights[i]);
        }
        return sum.div_(count.RaiseTo(1)).MoveToOuterDisposeScope();
    }
}
