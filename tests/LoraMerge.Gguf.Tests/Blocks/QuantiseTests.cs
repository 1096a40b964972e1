using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tests.Blocks;

/// <summary>The quantisers count several sub-blocks at once; their bytes are those of the formulas written one number after the other.</summary>
public sealed class QuantiseTests
{
    private const int Length = 256 * 40;

    public static TheoryData<string> Types =>
        [.. BlockCodecs.All.Where(codec => codec.Quantise is not null && codec.Type != GgufType.F32).Select(codec => codec.Type.ToString())];

    public static TheoryData<string, string> TypesAndKinds =>
        [.. from type in Types select (string)type.Data into type from kind in Values.Keys select new TheoryDataRow<string, string>(type, kind)];

    /// <summary>Kinds of values that quantisers meet, and those at which they go astray.</summary>
    private static Dictionary<string, Func<Random, int, float>> Values { get; } = new(StringComparer.Ordinal)
    {
        ["weights"] = (random, _) => Normal(random) * 0.02f,
        ["weights of bfloat16"] = (random, _) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(Normal(random) * 0.05f) & 0xFFFF0000),
        ["outliers"] = (random, i) => Normal(random) * (i % 97 == 0 ? 5f : 0.01f),
        ["blocks of very different size"] = (random, i) => Normal(random) * MathF.Pow(10, (i / 32 % 9) - 6),
        ["one side only"] = (random, _) => MathF.Abs(Normal(random)) + 0.5f,
        ["the other side only"] = (random, _) => -MathF.Abs(Normal(random)),
        ["few levels"] = (random, _) => random.Next(-2, 3) * 0.25f,
        ["equal values"] = (_, i) => (i / 64 % 5) - 2,
        ["zeros among values"] = (random, i) => i / 48 % 2 == 0 ? 0 : Normal(random),
        ["halves"] = (random, _) => random.Next(-127, 128) + 0.5f,
        ["zeros"] = (_, _) => 0,
        ["tiny"] = (random, _) => Normal(random) * 1e-12f,
        ["below all"] = (random, _) => Normal(random) * 1e-16f,
        ["signs"] = (random, _) => random.Next(2) == 0 ? -1.5f : 1.5f,
    };

    [Theory]
    [MemberData(nameof(TypesAndKinds))]
    public void Bytes_are_those_of_the_plain_formula(string typeName, string kind)
    {
        GgufType type = Enum.Parse<GgufType>(typeName);
        float[] values = Make(kind);
        int elements = Math.Max(32, type.ElementsPerBlock());

        byte[] blocks = Quantise(type, values);

        for (int i = 0; i < values.Length; i += elements)
        {
            byte[] expected = PlainFormulas.Quantise(type, values.AsSpan(i, elements));
            Assert.Equal(expected, blocks.AsSpan((int)type.BytesPerRow(i), expected.Length));
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndKinds))]
    public void Values_come_back_within_a_step(string typeName, string kind)
    {
        GgufType type = Enum.Parse<GgufType>(typeName);
        float[] values = Make(kind);

        float[] back = Dequantise(type, Quantise(type, values));

        // Half a step of the type and of its scale. The K types weigh errors, so that a small value may be off by more.
        float steps = type switch
        {
            GgufType.F16 => 1 << 11,
            GgufType.BF16 => 1 << 8,
            GgufType.Q8_0 => 225,
            GgufType.Q6_K => 40,
            GgufType.Q5_K or GgufType.Q5_1 or GgufType.Q5_0 => 12,
            _ => 6,
        };
        for (int i = 0; i < values.Length; i += 256)
        {
            float largest = 0, worst = 0;
            for (int j = i; j < i + 256; j++)
                (largest, worst) = (MathF.Max(largest, MathF.Abs(values[j])), MathF.Max(worst, MathF.Abs(values[j] - back[j])));
            Assert.InRange(worst, 0, (largest / steps * 1.01f) + 6e-8f); // and float16's smallest number
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_does_not_fit_is_told(string typeName)
    {
        GgufType type = Enum.Parse<GgufType>(typeName);
        float[] values = new float[256];
        values[200] = type == GgufType.BF16 ? float.MaxValue : 3e38f;

        Assert.Throws<OverflowException>(() => Quantise(type, values));
    }

    [Fact]
    public void Float16_has_a_largest_value_which_the_next_one_half_way_does_not_reach()
    {
        Assert.Equal(65504, Dequantise(GgufType.F16, Quantise(GgufType.F16, [MathF.BitDecrement(65520)]))[0]);
        Assert.Throws<OverflowException>(() => Quantise(GgufType.F16, [65520]));
        Assert.Throws<OverflowException>(() => Quantise(GgufType.F16, [0, 0, -65520, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void Every_float16_comes_back_as_it_was()
    {
        byte[] all = new byte[2 << 16];
        for (int i = 0; i < all.Length; i += 2)
            (all[i], all[i + 1]) = ((byte)(i / 2), (byte)(i / 512));

        float[] values = Dequantise(GgufType.F16, all);

        for (int i = 0; i < values.Length; i++)
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), values[i]);
        float[] finite = [.. values.Where(float.IsFinite)];
        Assert.Equal(finite, Dequantise(GgufType.F16, Quantise(GgufType.F16, finite)));
    }

    /// <summary>Values of a kind, the same each time.</summary>
    internal static float[] Make(string kind)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Length).Select(i => Values[kind](random, i))];
    }

    internal static byte[] Quantise(GgufType type, float[] values)
    {
        Assert.True(BlockCodecs.TryFind(type, out BlockCodec? codec));
        byte[] blocks = new byte[type.BytesPerRow(values.Length)];
        codec.Quantise!(values, blocks);
        return blocks;
    }

    private static float[] Dequantise(GgufType type, byte[] blocks)
    {
        Assert.True(BlockCodecs.TryFind(type, out BlockCodec? codec));
        float[] values = new float[blocks.Length / type.BytesPerBlock() * type.ElementsPerBlock()];
        codec.Dequantise(blocks, values);
        return values;
    }

    private static float Normal(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
