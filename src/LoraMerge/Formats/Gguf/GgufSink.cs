using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;
using LoraMerge.Merging;

namespace LoraMerge.Formats.Gguf;

/// <summary>Writes GGUF files.</summary>
internal sealed class GgufSink(GgufBytes bytes, string folder) : IWeightSink
{
    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly XxHash128 _hash = new();
    private readonly FileCommits _commits = new();
    private GgufWriter? _writer;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <inheritdoc/>
    public long WrittenByteLength { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA5041: a value is too large for its type.</exception>
    public void Write(MergedBlocks blocks)
    {
        try
        {
            bytes.Run(blocks, Begin, Write, End);
            _commits.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_writer?.Path ?? folder, e);
        }
    }

    public void Dispose()
    {
        _commits.Dispose();
        _writer?.Dispose();
    }

    private void Begin(GgufFile file)
    {
        _writer = GgufWriter.Create(Path.Combine(folder, file.Name), file.Layout);
        _hash.Append(file.Layout.HeaderBytes.Span);
    }

    private void Write(GgufTensor tensor, long offset, ReadOnlySpan<byte> made)
    {
        _writer!.Write(tensor, offset, made);
        _hash.Append(made);
        WrittenByteLength += made.Length;
        if (offset + made.Length == tensor.ByteLength)
            AppendPadding(tensor.ByteLength);
    }

    private void AppendPadding(long byteLength)
    {
        Span<byte> zeros = stackalloc byte[GgufFileLayout.Alignment];
        zeros.Clear();
        _hash.Append(zeros[..(int)(GgufFileLayout.Padded(byteLength) - byteLength)]);
    }

    private void End(GgufFile file)
    {
        _commits.Begin(_writer!, _writer!.Commit);
        _writer = null;
        _hashes[file.Name] = Convert.ToHexStringLower(_hash.GetHashAndReset());
    }
}
