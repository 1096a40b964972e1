using LoraMerge.Combinations;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Combinations;

public sealed class FactorWiseTests
{
    private static readonly ElementwiseWay s_linear = (tensors, weights, _) => Linear.Combine(tensors, weights);

    [Fact]
    public void One_adapter_keeps_its_change()
    {
        using var scope = Torch.Scope();
        FactorPair pair = Torch.Pair(seed: 1, rank: 3, scaling: 2, adapterWeight: 0.7);
        Tensor expected = Torch.Change(pair);

        (Tensor a, Tensor b) = FactorWise.Combine([pair], s_linear);

        Torch.AssertNear(expected, b.matmul(a));
    }

    [Fact]
    public void One_adapter_with_a_negative_weight_is_subtracted()
    {
        using var scope = Torch.Scope();
        FactorPair pair = Torch.Pair(seed: 1, rank: 3, scaling: 2, adapterWeight: -0.7);
        Tensor expected = Torch.Change(pair);

        (Tensor a, Tensor b) = FactorWise.Combine([pair], s_linear);

        Torch.AssertNear(expected, b.matmul(a));
    }

    [Fact]
    public void Linear_has_the_cross_terms_of_PEFT()
    {
        using var scope = Torch.Scope();
        FactorPair first = new(
            Torch.Matrix(
                new double[,]
                {
                    { 1, 2 },
                }
            ),
            Torch.Matrix(
                new double[,]
                {
                    { 3 },
                    { 5 },
                }
            ),
            Scaling: 2,
            AdapterWeight: 2
        ); // g = 4
        FactorPair second = new(
            Torch.Matrix(
                new double[,]
                {
                    { 7, 11 },
                }
            ),
            Torch.Matrix(
                new double[,]
                {
                    { 13 },
                    { 17 },
                }
            ),
            Scaling: 3,
            AdapterWeight: -3
        ); // g = -9

        (Tensor a, Tensor b) = FactorWise.Combine([first, second], s_linear);

        Assert.Equal([(2 * 1) - (3 * 7), (2 * 2) - (3 * 11)], Torch.Values(a));
        Assert.Equal([(2 * 3) + (3 * 13), (2 * 5) + (3 * 17)], Torch.Values(b));
    }

    [Fact]
    public void A_weight_of_zero_takes_no_part()
    {
        using var scope = Torch.Scope();
        FactorPair first = Torch.Pair(seed: 1, rank: 3, scaling: 2, adapterWeight: 1);
        Tensor expected = Torch.Change(first);

        (Tensor a, Tensor b) = FactorWise.Combine([first, Torch.Pair(seed: 5, rank: 3, scaling: 2, adapterWeight: 0)], s_linear);

        Torch.AssertNear(expected, b.matmul(a));
    }
}
