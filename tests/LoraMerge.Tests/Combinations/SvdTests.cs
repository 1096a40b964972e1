using LoraMerge.Combinations;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Combinations;

public sealed class SvdTests
{
    [Fact]
    public void Cut_factors_are_the_cut_of_the_whole_sum()
    {
        using var scope = Torch.Scope();
        FactorPair[] pairs = [Torch.Pair(seed: 1, rank: 2, scaling: 2, adapterWeight: 0.7), Torch.Pair(seed: 5, rank: 4, scaling: 0.5, adapterWeight: -1.2)];
        (Tensor wholeA, Tensor wholeB) = Svd.Truncate(Torch.Change(pairs[0]).Plus(Torch.Change(pairs[1])), rank: 4);

        (Tensor a, Tensor b) = Svd.Combine(pairs, rank: 4);

        Assert.Equal([4, 9], a.shape);
        Assert.Equal([12, 4], b.shape);
        Torch.AssertNear(wholeB.matmul(wholeA), b.matmul(a));
    }

    [Fact]
    public void A_rank_that_holds_all_gives_the_exact_sum()
    {
        using var scope = Torch.Scope();
        FactorPair[] pairs = [Torch.Pair(seed: 1, rank: 2, scaling: 2, adapterWeight: 0.7), Torch.Pair(seed: 5, rank: 3, scaling: 1, adapterWeight: 1)];
        Tensor expected = Torch.Change(pairs[0]).Plus(Torch.Change(pairs[1]));

        (Tensor a, Tensor b) = Svd.Combine(pairs, rank: 5);

        Torch.AssertNear(expected, b.matmul(a));
    }

    [Fact]
    public void Ranks_larger_than_the_weight_are_no_trouble()
    {
        using var scope = Torch.Scope();
        FactorPair[] pairs =
        [
            Torch.Pair(seed: 1, rank: 8, scaling: 1, adapterWeight: 1, rows: 5, columns: 6),
            Torch.Pair(seed: 5, rank: 8, scaling: 1, adapterWeight: 1, rows: 5, columns: 6),
        ];
        Tensor expected = Torch.Change(pairs[0]).Plus(Torch.Change(pairs[1]));

        (Tensor a, Tensor b) = Svd.Combine(pairs, rank: 8);

        Torch.AssertNear(expected, b.matmul(a));
    }

    [Fact]
    public void Cat_is_the_exact_sum_for_any_ranks()
    {
        using var scope = Torch.Scope();
        FactorPair[] pairs = [Torch.Pair(seed: 1, rank: 2, scaling: 2, adapterWeight: 0.7), Torch.Pair(seed: 5, rank: 4, scaling: 0.5, adapterWeight: -1.2)];
        Tensor expected = Torch.Change(pairs[0]).Plus(Torch.Change(pairs[1]));

        (Tensor a, Tensor b) = Cat.Combine(pairs);

        Assert.Equal(6, a.shape[0]);
        Torch.AssertNear(expected, b.matmul(a));
    }

    [Fact]
    public void Scaling_enters_once_before_the_election_of_whole_products()
    {
        using var scope = Torch.Scope();
        FactorPair[] pairs = [Torch.Pair(seed: 1, rank: 2, scaling: 4, adapterWeight: 0.5), Torch.Pair(seed: 5, rank: 2, scaling: 1, adapterWeight: 2)];
        Tensor expected = Ties.Elect(
            [pairs[0].B.matmul(pairs[0].A).Times(4), pairs[1].B.matmul(pairs[1].A)],
            [0.5, 2],
            LoraMerge.Combinations.MajoritySign.Total
        );

        (Tensor a, Tensor b) = ProductWise.Combine(
            pairs,
            (tensors, weights, _) => Ties.Combine(tensors, weights, 1, LoraMerge.Combinations.MajoritySign.Total),
            rank: 9
        );

        Torch.AssertNear(expected, b.matmul(a));
    }
}
