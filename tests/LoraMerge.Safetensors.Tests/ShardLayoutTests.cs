using System.Text;

namespace LoraMerge.Safetensors.Tests;

public sealed class ShardLayoutTests
{
    [Fact]
    public void The_header_is_compact_and_begins_with_the_metadata_in_ordinal_order()
    {
        ShardLayout layout = ShardLayout.Create(
            [("z", DType.F16, [2, 3]), ("a", DType.Bool, [])], new Dictionary<string, string> { ["b"] = "2", ["B"] = "1" });

        string json = Encoding.UTF8.GetString(layout.HeaderBytes.Span[8..]);

        Assert.Equal(
            "{\"__metadata__\":{\"B\":\"1\",\"b\":\"2\"},\"z\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
            + "\"a\":{\"dtype\":\"BOOL\",\"shape\":[],\"data_offsets\":[12,13]}}", json.TrimEnd(' '));
        Assert.Equal(layout.DataOffset + 13, layout.FileLength);
    }

    [Fact]
    public void The_data_section_begins_at_a_multiple_of_8()
    {
        for (int length = 0; length < 16; length++)
        {
            ShardLayout layout = ShardLayout.Create([(new string('n', length), DType.U8, [1])]);

            Assert.Equal(0, layout.DataOffset % 8);
            Assert.Equal(RawFile.Length((ulong)layout.DataOffset - 8), layout.HeaderBytes[..8].ToArray());
        }
    }

    [Fact]
    public void Equal_contents_make_equal_layouts()
    {
        ShardLayout layout = ShardLayout.Create([("a", DType.U8, [1])]);

        Assert.Equal(layout, ShardLayout.Create([("a", DType.U8, [1])]));
        Assert.Equal(layout.GetHashCode(), ShardLayout.Create([("a", DType.U8, [1])]).GetHashCode());
        Assert.NotEqual(layout, ShardLayout.Create([("a", DType.I8, [1])]));
    }

    [Fact]
    public void A_name_given_twice_is_refused() =>
        Assert.Throws<ArgumentException>(() => ShardLayout.Create([("a", DType.U8, [1]), ("a", DType.U8, [2])]));

    [Fact]
    public void The_reserved_name_is_refused() =>
        Assert.Throws<ArgumentException>(() => ShardLayout.Create([("__metadata__", DType.U8, [1])]));

    [Fact]
    public void Half_a_surrogate_pair_is_refused_and_not_replaced()
    {
        Assert.Throws<ArgumentException>(() => ShardLayout.Create([("\ud800", DType.U8, [1])]));
        Assert.Throws<ArgumentException>(() => ShardLayout.Create([], new Dictionary<string, string> { ["a"] = "\udc00" }));
        Assert.Throws<ArgumentException>(() => ShardLayout.Create([], new Dictionary<string, string> { ["\udc00"] = "a" }));
    }

    [Theory]
    [InlineData(DType.U8, -1L)]
    [InlineData(DType.F4, 3L)]
    [InlineData(DType.U8, long.MaxValue)]
    public void A_shape_without_a_size_is_refused(DType dtype, long dimension) =>
        Assert.Throws<ArgumentException>(() => ShardLayout.Create([("a", dtype, [dimension])]));

    [Fact]
    public void A_shape_is_written_as_people_do()
    {
        ShardLayout layout = ShardLayout.Create([("a", DType.U8, [8, 4096]), ("b", DType.U8, [])]);

        Assert.Equal("[8, 4096]", layout.Tensors[0].ShapeText);
        Assert.Equal("[]", layout.Tensors[1].ShapeText);
        Assert.Equal(1, layout.Tensors[1].ElementCount);
    }
}
