using LoraMerge.Quantized;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Quantized;

/// <summary>Scales and zero points of groups, where a form cannot store every zero point.</summary>
public sealed class IntegerGroupsTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    public void No_value_is_cut_off_where_the_zero_point_0_cannot_be_stored(int bits)
    {
        float[] values = [.. Enumerable.Range(0, 128).Select(i => i / 127f)];
        byte[] scales = new byte[sizeof(float)];
        var groups = new IntegerGroups(bits, Middle: null, LeastZero: 1);

        (double scale, int zero) = groups.Store(DType.F32, scales, 0, values);

        Assert.Equal((1, (float)scale), (zero, BitConverter.ToSingle(scales)));
        Assert.All(values, value => Assert.InRange((groups.Of(value, scale, zero) - zero) * scale, value - (scale * 0.5001), value + (scale * 0.5001)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_zero_point_among_the_values_stays_as_it_is_whatever_is_the_least(int leastZero)
    {
        float[] values = [-1, 0.25f, 2];
        byte[] scales = new byte[sizeof(float)];

        (double scale, int zero) = new IntegerGroups(4, Middle: null, leastZero).Store(DType.F32, scales, 0, values);

        Assert.Equal((5, (double)(3 / 15f)), (zero, scale));
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Values_of_zero_alone_have_a_scale_and_the_least_zero_point(DType dtype)
    {
        byte[] scales = new byte[sizeof(ushort)];
        var groups = new IntegerGroups(4, Middle: null, LeastZero: 1);

        (double scale, int zero) = groups.Store(dtype, scales, 0, new float[32]);

        Assert.Equal((1, 1, 1), (scale, zero, groups.Of(0, scale, zero)));
    }
}
