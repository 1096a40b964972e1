using System.Collections.Immutable;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tests.Container;

/// <summary>What is written is read back.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Values_of_every_type()
    {
        var metadata = new GgufMetadata
        {
            { "uint8", new GgufValue(GgufValueType.UInt8, (byte)200) },
            { "int8", new GgufValue(GgufValueType.Int8, (sbyte)-5) },
            { "uint16", (ushort)40000 },
            { "int16", new GgufValue(GgufValueType.Int16, (short)-30000) },
            { "uint32", 3_000_000_000u },
            { "int32", -7 },
            { "float32", 0.25f },
            { "bool", true },
            { "text", "Ĝéλ🚀\0" },
            { "uint64", new GgufValue(GgufValueType.UInt64, ulong.MaxValue) },
            { "int64", new GgufValue(GgufValueType.Int64, long.MinValue) },
            { "float64", new GgufValue(GgufValueType.Float64, Math.PI) },
            { "texts", new[] { "", "a", "🚀" } },
            { "numbers", new[] { 1, -2, 3 } },
            { "reals", new[] { 1f, float.NegativeInfinity } },
            { "flags", new GgufValue(GgufValueType.Array, new[] { true, false }) },
            { "none", Array.Empty<string>() },
        };

        GgufMetadata read = GgufHeader.Read(Write(GgufFileLayout.Create(metadata, []))).Metadata;

        Assert.Equal(metadata.Select(pair => pair.Key), read.Select(pair => pair.Key));
        Assert.All(metadata, pair =>
        {
            Assert.True(read.TryGet(pair.Key, out GgufValue value));
            Assert.Equal(pair.Value.Type, value.Type);
            Assert.Equal(pair.Value.Value, value.Value);
            Assert.Equal(pair.Value.ElementType, value.ElementType);
        });
    }

    [Fact]
    public void Tensors_begin_at_multiples_of_32_with_zeros_between()
    {
        GgufFileLayout layout = GgufFileLayout.Create(Named("x"), [("a", GgufType.F32, [3]), ("b", GgufType.Q8_0, [2, 64]), ("c", GgufType.F16, [1, 2, 5])]);

        string path = Write(layout);

        using GgufReader reader = GgufReader.Open(path);
        Assert.Equal(layout.Tensors, reader.Header.Tensors);
        Assert.Equal([0, 32, 192], reader.Header.Tensors.Select(tensor => tensor.ByteOffset));
        Assert.Equal(0, reader.Header.DataOffset % 32);
        Assert.All(layout.Tensors, tensor => Assert.Equal(Content(tensor), Read(reader, tensor)));
        byte[] data = File.ReadAllBytes(path)[(int)reader.Header.DataOffset..];
        Assert.All(data[12..32], value => Assert.Equal(0, value));
        Assert.All(data[212..], value => Assert.Equal(0, value));
        Assert.Equal(224, data.Length);
    }

    [Fact]
    public void A_file_in_blocks_out_of_turn_is_refused()
    {
        GgufFileLayout layout = GgufFileLayout.Create(Named("x"), [("a", GgufType.F32, [8]), ("b", GgufType.F32, [8])]);
        using GgufWriter writer = GgufWriter.Create(_folder.File("m.gguf"), layout);

        writer.Write(layout.Tensors[0], 0, new byte[16]);

        Assert.Throws<ArgumentException>(() => writer.Write(layout.Tensors[1], 0, new byte[32]));
        Assert.Throws<ArgumentException>(() => writer.Write(layout.Tensors[0], 0, new byte[16]));
        Assert.Throws<ArgumentException>(() => writer.Write(layout.Tensors[0], 16, new byte[17]));
        Assert.Throws<InvalidOperationException>(writer.Commit);
    }

    [Fact]
    public void A_file_that_is_not_completed_leaves_nothing_behind()
    {
        using (GgufWriter writer = GgufWriter.Create(_folder.File("m.gguf"), GgufFileLayout.Create(Named("x"), [("a", GgufType.F32, [8])])))
            writer.Write(writer.Layout.Tensors[0], 0, new byte[16]);

        Assert.Empty(_folder.FileNames);
    }

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(5_000, 4)]
    [InlineData(1, 10)]
    public void A_limit_on_the_length_makes_parts(long limit, int expected)
    {
        (string, GgufType, ImmutableArray<long>)[] tensors = [.. Enumerable.Range(0, 10).Select(
            i => ($"t{i}", GgufType.F32, ImmutableArray.Create<long>(1, 300)))];

        ImmutableArray<GgufFileLayout> parts = GgufSplit.Create(Named("x"), tensors, limit);

        Assert.Equal(expected, parts.Length);
        Assert.All(parts.Where(part => part.Tensors.Length > 1), part => Assert.InRange(part.FileLength, 0, limit));
        for (int i = 0; i < parts.Length; i++)
            Write(parts[i], GgufSplit.FileName("m", i, parts.Length));
        using GgufModel model = GgufModel.Open(_folder.File(GgufSplit.FileName("m", 0, parts.Length)));
        Assert.Equal(tensors.Select(tensor => tensor.Item1), model.Tensors.Select(tensor => tensor.Name));
        Assert.True(model.Metadata.TryGetText("general.name", out string? name));
        Assert.Equal("x", name);
        Assert.All(model.Tensors, tensor => Assert.Equal(Content(tensor), Read(model.FileOf(tensor), tensor)));
    }

    [Fact]
    public void A_part_that_is_missing_or_of_another_model_is_told()
    {
        (string, GgufType, ImmutableArray<long>)[] tensors = [("a", GgufType.F32, [300]), ("b", GgufType.F32, [300]), ("c", GgufType.F32, [300])];
        ImmutableArray<GgufFileLayout> parts = GgufSplit.Create(Named("x"), tensors, 1);
        Write(parts[0], "m-00001-of-00003.gguf");
        Write(parts[1], "m-00002-of-00003.gguf");

        GgufFormatException missing = Assert.Throws<GgufFormatException>(() => GgufModel.Open(_folder.File("m-00001-of-00003.gguf")));
        Write(parts[1], "m-00003-of-00003.gguf");
        GgufFormatException wrong = Assert.Throws<GgufFormatException>(() => GgufModel.Open(_folder.File("m-00001-of-00003.gguf")));
        GgufFormatException second = Assert.Throws<GgufFormatException>(() => GgufModel.Open(_folder.File("m-00002-of-00003.gguf")));

        Assert.All([missing, wrong, second], e => Assert.Equal(GgufFault.SplitInvalid, e.Fault));
        Assert.Contains("m-00003-of-00003.gguf", missing.Message, StringComparison.Ordinal);
        Assert.Contains("split.no", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void A_name_that_no_reader_takes_is_not_written(string name) =>
        Assert.Throws<ArgumentException>(() => GgufFileLayout.Create(Named("x"), [(name, GgufType.F32, [1])]));

    private static GgufMetadata Named(string name) => new() { { "general.name", name } };

    private string Write(GgufFileLayout layout, string name = "m.gguf")
    {
        using GgufWriter writer = GgufWriter.Create(_folder.File(name), layout);
        foreach (GgufTensor tensor in layout.Tensors)
        {
            byte[] content = Content(tensor);
            for (int offset = 0; offset < content.Length; offset += 10)
                writer.Write(tensor, offset, content.AsSpan(offset, Math.Min(10, content.Length - offset)));
        }

        writer.Commit();
        return writer.Path;
    }

    private static byte[] Content(GgufTensor tensor)
    {
        byte[] content = new byte[tensor.ByteLength];
        new Random(tensor.Name[^1]).NextBytes(content);
        return content;
    }

    private static byte[] Read(GgufReader reader, GgufTensor tensor)
    {
        byte[] content = new byte[tensor.ByteLength];
        reader.ReadInto(tensor, 0, content);
        return content;
    }
}
