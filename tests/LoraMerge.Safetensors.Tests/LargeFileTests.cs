namespace LoraMerge.Safetensors.Tests;

/// <summary>Files that are large enough to be written past the system's cache, in aligned pieces.</summary>
public sealed class LargeFileTests : IDisposable
{
    private const int OddLength = 5_700_001;

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly ShardLayout _layout = ShardLayout.Create([("a", DType.U8, [OddLength]), ("small", DType.U8, [5]), ("b", DType.U8, [2 * OddLength])]);

    private readonly Dictionary<string, byte[]> _bytes = [];

    public LargeFileTests()
    {
        _path = _folder.File("model.safetensors");
        foreach (TensorEntry tensor in _layout.Tensors)
            new Random(tensor.Name[0]).NextBytes(_bytes[tensor.Name] = new byte[tensor.ByteLength]);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(100_003)]
    [InlineData(4 << 20)]
    [InlineData(int.MaxValue)]
    public void Its_bytes_are_the_same_whatever_pieces_they_come_in(int pieceLength)
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        foreach ((TensorEntry tensor, int offset, int length) in Pieces(pieceLength))
            writer.Write(tensor, offset, _bytes[tensor.Name].AsSpan(offset, length));
        writer.Commit();

        AssertComplete();
    }

    [Fact]
    public void Its_pieces_may_come_from_back_to_front()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        foreach ((TensorEntry tensor, int offset, int length) in Pieces(700_001).Reverse())
            writer.Write(tensor, offset, _bytes[tensor.Name].AsSpan(offset, length));
        writer.Commit();

        AssertComplete();
    }

    [Fact]
    public void Its_pieces_may_come_from_several_threads()
    {
        using ShardWriter writer = ShardWriter.Create(_path, _layout);
        Parallel.ForEach(Pieces(300_007), piece => writer.Write(piece.Tensor, piece.Offset, _bytes[piece.Tensor.Name].AsSpan(piece.Offset, piece.Length)));
        writer.Commit();

        AssertComplete();
    }

    [Fact]
    public void Without_a_commit_nothing_stays()
    {
        using (ShardWriter writer = ShardWriter.Create(_path, _layout))
            writer.Write(_layout.Tensors[2], 0, _bytes["b"]);

        Assert.Empty(_folder.FileNames);
    }

    public void Dispose() => _folder.Dispose();

    private IEnumerable<(TensorEntry Tensor, int Offset, int Length)> Pieces(int pieceLength) =>
        from tensor in _layout.Tensors
        from number in Enumerable.Range(0, (int)((tensor.ByteLength + pieceLength - 1) / pieceLength))
        let offset = number * pieceLength
        select (tensor, offset, (int)Math.Min(pieceLength, tensor.ByteLength - offset));

    private void AssertComplete()
    {
        byte[] file = File.ReadAllBytes(_path);
        Assert.Equal(_layout.FileLength, file.Length);
        Assert.True(file.AsSpan().StartsWith(_layout.HeaderBytes.Span));
        foreach (TensorEntry tensor in _layout.Tensors)
            Assert.True(file.AsSpan((int)(_layout.DataOffset + tensor.ByteOffset), (int)tensor.ByteLength).SequenceEqual(_bytes[tensor.Name]), tensor.Name);
    }
}
