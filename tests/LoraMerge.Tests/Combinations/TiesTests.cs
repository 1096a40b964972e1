using LoraMerge.Combinations;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Combinations;

public sealed class TiesTests
{
    [Fact]
    public void The_sign_of_the_sum_wins_under_total_and_what_has_it_is_averaged()
    {
        using var scope = Torch.Scope();
        Tensor[] tensors = [Torch.Row(5, -5), Torch.Row(-1, 2), Torch.Row(-2, 1)];

        Tensor combined = Ties.Elect(tensors, [1, 1, 1], MajoritySign.Total);

        Assert.Equal([5, -5], Torch.Values(combined));
    }

    [Fact]
    public void The_more_frequent_sign_wins_under_frequency()
    {
        using var scope = Torch.Scope();
        Tensor[] tensors = [Torch.Row(5, -5), Torch.Row(-1, 2), Torch.Row(-2, 1)];

        Tensor combined = Ties.Elect(tensors, [1, 1, 1], MajoritySign.Frequency);

        Assert.Equal([-1.5, 1.5], Torch.Values(combined));
    }

    [Theory]
    [InlineData(MajoritySign.Total)]
    [InlineData(MajoritySign.Frequency)]
    public void A_draw_is_won_by_plus(MajoritySign majority)
    {
        using var scope = Torch.Scope();

        Tensor combined = Ties.Elect([Torch.Row(-3, 0), Torch.Row(3, 0)], [1, 2], majority);

        Assert.Equal([6, 0], Torch.Values(combined));
    }

    [Fact]
    public void Pruned_elements_are_not_counted_in_the_average()
    {
        using var scope = Torch.Scope();

        Tensor combined = Ties.Combine([Torch.Row(4, 0.5), Torch.Row(2, 3)], [1, 1], density: 0.5, MajoritySign.Total);

        Assert.Equal([4, 3], Torch.Values(combined));
    }

    [Fact]
    public void Weights_do_not_vote_so_a_negative_one_turns_the_elected_sign_around()
    {
        using var scope = Torch.Scope();

        Tensor combined = Ties.Elect([Torch.Row(5), Torch.Row(-1)], [-2, 100], MajoritySign.Total);

        Assert.Equal([-10], Torch.Values(combined));
    }

    [Fact]
    public void Density_1_elects_among_all_elements()
    {
        using var scope = Torch.Scope();

        Tensor combined = Ties.Combine([Torch.Row(4, -1), Torch.Row(2, -3)], [1, 1], density: 1, MajoritySign.Total);

        Assert.Equal([3, -2], Torch.Values(combined));
    }

    [Fact]
    public void One_adapter_elects_its_own_signs()
    {
        using var scope = Torch.Scope();

        Tensor combined = Ties.Combine([Torch.Row(4, -1, 2, -3)], [2], density: 0.5, MajoritySign.Frequency);

        Assert.Equal([8, 0, 0, -6], Torch.Values(combined));
    }
}
