namespace LoraMerge.Safetensors.Tests;

public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<DType> AllDTypes => [.. Enum.GetValues<DType>()];

    [Fact]
    public void Tensors_and_metadata_come_back_as_they_were_written()
    {
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["a \"quoted\" key"] = "line\nbreak" };
        ShardLayout layout = ShardLayout.Create(
            [("b", DType.F32, [2, 3]), ("a", DType.BF16, [5]), ("scalar", DType.I64, []), ("empty", DType.F16, [0, 7])], metadata);
        string path = WriteCounting(layout);

        using SafetensorsReader reader = SafetensorsReader.Open(path);

        Assert.Equal<TensorEntry>(layout.Tensors, reader.Header.Tensors);
        Assert.Equal(metadata, reader.Header.Metadata);
        Assert.Equal(layout.FileLength, reader.Header.FileLength);
        Assert.Equal([.. Enumerable.Range(24, 10).Select(i => (byte)i)], Read(reader, "a"));
        Assert.Equal([.. Enumerable.Range(34, 8).Select(i => (byte)i)], Read(reader, "scalar"));
        Assert.Empty(Read(reader, "empty"));
    }

    [Theory, MemberData(nameof(AllDTypes))]
    public void Every_dtype_comes_back(DType dtype)
    {
        string path = WriteCounting(ShardLayout.Create([("t", dtype, [4, 2])]));

        SafetensorsHeader header = SafetensorsHeader.Read(path);

        Assert.Equal(dtype, header.Tensors[0].DType);
        Assert.Equal(dtype.BitsPerElement(), header.Tensors[0].ByteLength);
        Assert.Equal(8, header.Tensors[0].ElementCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("quote\" and \\ and /")]
    [InlineData("line\nbreak, tab\t, zero\0")]
    [InlineData("Schlüssel 鍵 🗝")]
    [InlineData("<&'+>")]
    public void Any_name_comes_back(string name)
    {
        string path = WriteCounting(ShardLayout.Create([(name, DType.U8, [3])], new Dictionary<string, string> { [name] = name }));

        using SafetensorsReader reader = SafetensorsReader.Open(path);

        Assert.Equal([0, 1, 2], Read(reader, name));
        Assert.Equal(name, reader.Header.Metadata[name]);
    }

    [Fact]
    public void The_header_bytes_and_the_tensors_in_order_are_the_whole_file()
    {
        string path = WriteCounting(ShardLayout.Create([("b", DType.F32, [2]), ("a", DType.U8, [3])]));
        using SafetensorsReader reader = SafetensorsReader.Open(path);

        byte[] all = [.. reader.HeaderBytes.Span, .. reader.Header.Tensors.SelectMany(tensor => Read(reader, tensor.Name))];

        Assert.Equal(File.ReadAllBytes(path), all);
        Assert.Equal(reader.Header.DataOffset, reader.HeaderBytes.Length);
    }

    [Fact]
    public void A_tensor_of_more_than_2_GiB_is_read_at_its_far_end()
    {
        const long length = (3L << 30) + 5;
        string path = _folder.File("large.safetensors");
        ShardLayout layout = ShardLayout.Create([("large", DType.U8, [length]), ("behind", DType.U8, [2])]);
        WriteSparse(path, layout, atTheEnd: [1, 2, 3, 4]);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        byte[] lastTwo = new byte[2];

        reader.ReadInto(reader.Header.Tensors[0], length - 2, lastTwo);

        Assert.Equal([1, 2], lastTwo);
        Assert.Equal([3, 4], Read(reader, "behind"));
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Read(SafetensorsReader reader, string name)
    {
        Assert.True(reader.Header.TryFind(name, out TensorEntry? tensor));
        byte[] bytes = new byte[tensor.ByteLength];
        reader.ReadInto(tensor, 0, bytes);
        return bytes;
    }

    private static void WriteSparse(string path, ShardLayout layout, byte[] atTheEnd)
    {
        using FileStream file = File.Create(path);
        file.Write(layout.HeaderBytes.Span);
        file.SetLength(layout.FileLength);
        file.Seek(-atTheEnd.Length, SeekOrigin.End);
        file.Write(atTheEnd);
    }

    /// <summary>Writes a file whose data section holds 0, 1, 2 and so on.</summary>
    private string WriteCounting(ShardLayout layout)
    {
        string path = _folder.File("counting.safetensors");
        using ShardWriter writer = ShardWriter.Create(path, layout);
        foreach (TensorEntry tensor in layout.Tensors)
            writer.Write(tensor, 0, [.. Enumerable.Range((int)tensor.ByteOffset, (int)tensor.ByteLength).Select(i => (byte)i)]);
        writer.Commit();
        return path;
    }
}
