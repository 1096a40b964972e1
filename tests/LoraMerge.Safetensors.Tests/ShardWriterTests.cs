namespace LoraMerge.Safetensors.Tests;

public sealed class ShardWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly ShardLayout _layout = ShardLayout.Create([("a", DType.U8, [4]), ("b", DType.F32, [2]), ("empty", DType.F32, [0])]);

    public ShardWriterTests() => _path = _folder.File("model.safetensors");

    private TensorEntry A => _layout.Tensors[0];

    private TensorEntry B => _layout.Tensors[1];

    [Fact]
    public void Nothing_lies_at_the_path_before_the_commit()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        WriteAll(writer);

        Assert.Equal(["model.safetensors.partial"], _folder.FileNames);
        writer.Commit();
        Assert.Equal(["model.safetensors"], _folder.FileNames);
        Assert.Equal(_layout.FileLength, new FileInfo(_path).Length);
    }

    [Fact]
    public void Without_a_commit_the_old_file_stays_and_the_partial_one_goes()
    {
        File.WriteAllText(_path, "old");

        using (ShardWriter writer = ShardWriter.Create(_path, _layout))
            WriteAll(writer);

        Assert.Equal(["model.safetensors"], _folder.FileNames);
        Assert.Equal("old", File.ReadAllText(_path));
    }

    [Fact]
    public void A_commit_replaces_the_old_file()
    {
        File.WriteAllText(_path, "old");

        using (ShardWriter writer = ShardWriter.Create(_path, _layout))
        {
            WriteAll(writer);
            writer.Commit();
        }

        Assert.Equal<TensorEntry>(_layout.Tensors, SafetensorsHeader.Read(_path).Tensors);
    }

    [Fact]
    public void What_a_killed_writer_left_is_overwritten_and_does_not_show_through()
    {
        File.WriteAllBytes(_path + ".partial", [.. Enumerable.Repeat((byte)0xee, 10_000)]);

        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        WriteAll(writer);
        writer.Commit();

        Assert.Equal([.. _layout.HeaderBytes.Span, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5], File.ReadAllBytes(_path));
    }

    [Fact]
    public void Parts_may_come_in_any_order_and_from_any_thread()
    {
        const int parts = 256;
        ShardLayout layout = ShardLayout.Create([("a", DType.U8, [parts * 3]), ("b", DType.U8, [parts * 3])]);
        using ShardWriter writer = ShardWriter.Create(_path, layout);

        Parallel.For(0, parts * 2, i =>
        {
            int part = i / 2 * 97 % parts; // 97 and 256 have no common divisor: every part once, out of order
            writer.Write(layout.Tensors[i % 2], part * 3, [(byte)part, (byte)part, (byte)part]);
        });
        writer.Commit();

        byte[] data = File.ReadAllBytes(_path)[(int)layout.DataOffset..];
        Assert.Equal(Enumerable.Range(0, parts * 6).Select(i => (byte)(i / 3)), data);
    }

    [Fact]
    public void A_tensor_that_lacks_a_byte_is_not_committed()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        writer.Write(A, 0, [1, 2, 3]);
        writer.Write(B, 0, new byte[8]);

        var e = Assert.Throws<InvalidOperationException>(writer.Commit);
        Assert.Contains("'a'", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_path));

        writer.Write(A, 3, [4]);
        writer.Commit();
        Assert.True(File.Exists(_path));
    }

    [Fact]
    public void A_tensor_that_was_never_written_is_not_committed()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        writer.Write(A, 0, new byte[4]);

        Assert.Throws<InvalidOperationException>(writer.Commit);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    public void A_byte_written_twice_does_not_stand_for_one_that_is_missing(long byteOffset, int byteLength)
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        writer.Write(A, 0, [1, 2]);

        Assert.Throws<InvalidOperationException>(() => writer.Write(A, byteOffset, new byte[byteLength]));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(4, 1)]
    [InlineData(-1, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Bytes_outside_a_tensor_are_not_written(long byteOffset, int byteLength)
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);

        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(A, byteOffset, new byte[byteLength]));
    }

    [Fact]
    public void An_entry_of_another_file_is_written_to_its_place_in_this_one()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        writer.Write(A with { ByteOffset = 1L << 40 }, 0, [1, 2, 3, 4]);
        writer.Write(B, 0, new byte[8]);
        writer.Commit();

        Assert.Equal([1, 2, 3, 4], File.ReadAllBytes(_path).AsSpan((int)_layout.DataOffset, 4).ToArray());
    }

    [Fact]
    public void An_entry_of_another_name_dtype_or_shape_is_refused()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);

        Assert.Throws<ArgumentException>(() => writer.Write(A with { Name = "c" }, 0, [1]));
        Assert.Throws<ArgumentException>(() => writer.Write(A with { DType = DType.I8 }, 0, [1]));
        Assert.Throws<ArgumentException>(() => writer.Write(A with { Shape = [2, 2] }, 0, [1]));
    }

    [Fact]
    public void Two_writers_do_not_share_a_file()
    {
        using ShardWriter first = ShardWriter.Create(_path, _layout);

        Assert.Throws<IOException>(() => ShardWriter.Create(_path, _layout));

        WriteAll(first);
        first.Commit();
    }

    [Fact]
    public void After_a_commit_nothing_more_is_written()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        WriteAll(writer);
        writer.Commit();

        Assert.Throws<ObjectDisposedException>(() => writer.Write(A, 0, [1]));
        Assert.Throws<ObjectDisposedException>(writer.Commit);
    }

    [Fact]
    public void A_path_that_cannot_be_replaced_leaves_no_partial_file()
    {
        Directory.CreateDirectory(_path);
        using (ShardWriter writer = ShardWriter.Create(_path, _layout))
        {
            WriteAll(writer);

            Assert.ThrowsAny<Exception>(writer.Commit); // IOException or UnauthorizedAccessException, as the system sees it
        }

        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void A_partial_file_that_cannot_be_deleted_hides_no_fault()
    {
        ShardWriter writer = ShardWriter.Create(_path, _layout);
        File.Delete(_path + ".partial");
        Directory.CreateDirectory(_path + ".partial");

        writer.Dispose();

        Assert.True(Directory.Exists(_path + ".partial"));
    }

    [Fact]
    public void A_file_larger_than_the_disk_is_refused_at_once_and_leaves_nothing()
    {
        ShardLayout layout = ShardLayout.Create([("huge", DType.U8, [1L << 58])]);

        Assert.Throws<IOException>(() => ShardWriter.Create(_path, layout));
        Assert.Empty(_folder.FileNames);
    }

    public void Dispose() => _folder.Dispose();

    private void WriteAll(ShardWriter writer)
    {
        writer.Write(B, 4, [5, 5, 5, 5]);
        writer.Write(A, 0, [1, 2, 3, 4]);
        writer.Write(B, 0, [5, 5, 5, 5]);
    }
}
