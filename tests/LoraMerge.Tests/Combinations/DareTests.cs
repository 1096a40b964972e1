using LoraMerge.Combinations;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Combinations;

public sealed class DareTests
{
    [Fact]
    public void Draws_are_the_same_on_every_machine()
    {
        byte[] mask = new byte[32];

        new DareDraws("model.layers.0.self_attn.q_proj", 1, "A").Fill(0, 0.5, mask);

        Assert.Equal("11011011100011110110001110110001", string.Concat(mask));
    }

    [Fact]
    public void A_draw_belongs_to_its_element_whatever_is_asked_before()
    {
        var draws = new DareDraws("m", 0, "B");
        byte[] whole = new byte[1000];
        byte[] end = new byte[300];

        draws.Fill(0, 0.3, whole);
        draws.Fill(700, 0.3, end);

        Assert.Equal(whole[700..], end);
    }

    [Fact]
    public void Module_adapter_and_part_have_draws_of_their_own()
    {
        DareDraws[] all = [new("m", 0, "A"), new("m", 0, "B"), new("m", 1, "A"), new("n", 0, "A")];

        IEnumerable<string> masks = all.Select(draws =>
        {
            byte[] mask = new byte[64];
            draws.Fill(0, 0.5, mask);
            return string.Concat(mask);
        });

        Assert.Distinct(masks);
    }

    [Fact]
    public void About_the_share_that_is_asked_for_stays_and_is_rescaled()
    {
        using var scope = Torch.Scope();

        double[] pruned = Torch.Values(Dare.Prune(ones(100_000, ScalarType.Float64), 0.2, new DareDraws("m", 0, "A")));

        Assert.All(pruned, value => Assert.True(value is 0 or 5));
        Assert.InRange(pruned.Average(), 0.97, 1.03); // standard deviation 0.0063
    }

    [Fact]
    public void Density_1_keeps_all()
    {
        using var scope = Torch.Scope();

        Tensor combined = DareLinear.Combine([Torch.Row(1, -2), Torch.Row(3, 4)], [1, -1], 1, [new DareDraws("m", 0, "A"), new DareDraws("m", 1, "A")]);

        Assert.Equal([-2, -6], Torch.Values(combined));
    }
}
