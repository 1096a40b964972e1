using LoraMerge.Combinations;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Combinations;

public sealed class MagnitudePruneTests
{
    [Fact]
    public void The_largest_magnitudes_stay_as_they_are()
    {
        using var scope = Torch.Scope();

        Tensor pruned = MagnitudePrune.Prune(Torch.Row(1, -4, 2, -3), density: 0.5);

        Assert.Equal([0, -4, 0, -3], Torch.Values(pruned));
    }

    [Fact]
    public void The_number_of_kept_elements_is_rounded_down()
    {
        using var scope = Torch.Scope();

        Tensor pruned = MagnitudePrune.Prune(Torch.Row(1, -4, 2, -3, 5), density: 0.5);

        Assert.Equal([0, -4, 0, 0, 5], Torch.Values(pruned));
    }

    [Fact]
    public void Density_1_keeps_all_and_density_0_nothing()
    {
        using var scope = Torch.Scope();

        Tensor all = MagnitudePrune.Prune(Torch.Row(1, -4, 2), density: 1);
        Tensor nothing = MagnitudePrune.Prune(Torch.Row(1, -4, 2), density: 0);

        Assert.Equal([1, -4, 2], Torch.Values(all));
        Assert.Equal([0, 0, 0], Torch.Values(nothing));
    }

    [Fact]
    public void Among_equal_magnitudes_exactly_as_many_stay_as_are_asked_for_and_always_the_same()
    {
        using var scope = Torch.Scope();
        double[] values = [.. Enumerable.Range(0, 1000).Select(i => i % 2 == 0 ? 1.0 : -1.0)];

        double[] first = Torch.Values(MagnitudePrune.Prune(Torch.Row(values), density: 0.3));
        double[] second = Torch.Values(MagnitudePrune.Prune(Torch.Row(values), density: 0.3));

        Assert.Equal(300, first.Count(value => value != 0));
        Assert.Equal(first, second);
    }

    [Fact]
    public void What_stays_is_weighted_and_summed()
    {
        using var scope = Torch.Scope();

        Tensor combined = MagnitudePrune.Combine([Torch.Row(1, -4, 2, -3), Torch.Row(9, 1, 8, 1)], [2, -1], density: 0.5);

        Assert.Equal([-9, -8, -8, -6], Torch.Values(combined));
    }
}
