namespace LoraMerge.Safetensors.Tests;

public sealed class SafetensorsReaderTests : IDisposable
{
    private const string TwoTensors =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[2000000],\"data_offsets\":[4,2000004]}}";

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public SafetensorsReaderTests()
    {
        _path = _folder.File("model.safetensors");
        File.WriteAllBytes(_path, RawFile.Bytes(TwoTensors, 2_000_004));
    }

    [Fact]
    public void A_file_cut_while_it_is_read_is_truncated_and_not_an_endless_loop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let anyone cut an open file.");
        using SafetensorsReader reader = SafetensorsReader.Open(_path);
        using (var other = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            other.SetLength(1_000_000);

        var e = Assert.Throws<SafetensorsFormatException>(() => reader.ReadInto(reader.Header.Tensors[1], 0, new byte[2_000_000]));

        Assert.Equal(SafetensorsFault.Truncated, e.Fault);
        Assert.Equal(_path, e.Path);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 4)]
    [InlineData(4, 1)]
    [InlineData(5, 0)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(-1, 1)]
    [InlineData(long.MinValue, 1)]
    public void Bytes_outside_a_tensor_are_not_read(long byteOffset, int byteLength)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(_path);

        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadInto(reader.Header.Tensors[0], byteOffset, new byte[byteLength]));
    }

    [Fact]
    public void An_entry_of_another_file_is_not_read()
    {
        using SafetensorsReader reader = SafetensorsReader.Open(_path);
        TensorEntry elsewhere = reader.Header.Tensors[0] with { ByteOffset = 1_000 };

        Assert.Throws<ArgumentException>(() => reader.ReadInto(elsewhere, 0, new byte[4]));
    }

    [Fact]
    public void A_refused_file_is_closed_again()
    {
        File.WriteAllBytes(_path, [1, 2, 3]);

        Assert.Throws<SafetensorsFormatException>(() => SafetensorsReader.Open(_path));

        using var exclusive = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    [Fact]
    public void Two_readers_may_share_a_file()
    {
        using SafetensorsReader first = SafetensorsReader.Open(_path);
        using SafetensorsReader second = SafetensorsReader.Open(_path);

        Assert.Equal(first.Header.Tensors[1], second.Header.Tensors[1]);
        Assert.Equal(first.Header.Tensors[1].GetHashCode(), second.Header.Tensors[1].GetHashCode());
        Assert.NotSame(first.Header.Tensors[1], second.Header.Tensors[1]);
    }

    public void Dispose() => _folder.Dispose();
}
