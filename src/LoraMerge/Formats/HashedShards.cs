using System.IO.Hashing;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats;

/// <summary>Safetensors files, written front to back, one after another, and hashed on the way.</summary>
/// <param name="folder">Where they go.</param>
internal sealed class HashedShards(string folder) : IDisposable
{
    /// <summary>Bytes that are still in the processor's cache when they are hashed after they were copied.</summary>
    private const int CachedLength = 1 << 18;

    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly XxHash128 _hash = new();
    private readonly FileCommits _commits = new();
    private string _name = "";
    private ShardWriter? _writer;

    /// <summary>File name and XxHash128 of each file that has ended.</summary>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <summary>Bytes of tensors that were written.</summary>
    public long WrittenByteLength { get; private set; }

    /// <summary>What cannot be written where that fails: the file that was begun, or the folder.</summary>
    public string Place => _writer?.Path ?? folder;

    /// <exception cref="IOException">The file cannot be made.</exception>
    public void Begin(string fileName, ShardLayout layout)
    {
        _name = fileName;
        _writer = ShardWriter.Create(Path.Combine(folder, fileName), layout);
        _hash.Append(layout.HeaderBytes.Span);
    }

    /// <param name="tensor">Its name is in the layout.</param>
    /// <param name="byteOffset">Where the bytes go, from the start of the tensor: behind those that were written last.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public void Write(TensorEntry tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        for (int begin = 0; begin < bytes.Length; begin += CachedLength)
        {
            ReadOnlySpan<byte> piece = bytes.Slice(begin, Math.Min(CachedLength, bytes.Length - begin));
            _writer!.Write(tensor, byteOffset + begin, piece);
            _hash.Append(piece);
            WrittenByteLength += piece.Length;
        }
    }

    /// <summary>Begins to commit the file, while the next one is written.</summary>
    /// <exception cref="IOException">The file before could not be committed.</exception>
    public void End()
    {
        _commits.Begin(_writer!, _writer!.Commit);
        _writer = null;
        _hashes[_name] = Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>Waits until all files are committed.</summary>
    /// <exception cref="IOException">One of them could not be.</exception>
    public void Complete() => _commits.Complete();

    public void Dispose()
    {
        _commits.Dispose();
        _writer?.Dispose();
    }
}
