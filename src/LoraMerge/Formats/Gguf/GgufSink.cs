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
    private GgufWriter? _writer;
    private Task _committing = Task.CompletedTask; // of the file before

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
            _committing.GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_writer?.Path ?? folder, e);
        }
    }

    public void Dispose()
    {
        Task.WaitAny(_committing);
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
        _committing.GetAwaiter().GetResult();
        _committing = CommitBeside(_writer!);
        _writer = null;
        _hashes[file.Name] = Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>The disk takes its time to flush a file; the next one is written meanwhile.</summary>
    private static Task CommitBeside(GgufWriter writer) => Task.Run(() =>
    {
        using (writer)
            writer.Commit();
    });
}
