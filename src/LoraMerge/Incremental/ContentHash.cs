using System.Text;
#if NETSTANDARD
using XxHash128 = LoraMerge.Build.XxHash128;
#else
using System.IO.Hashing;
#endif

namespace LoraMerge.Incremental;

/// <summary>XxHash128 of contents as 32 lower-case hexadecimal digits, most significant first.</summary>
internal static class ContentHash
{
    private const int BlockByteLength = 1 << 20;

    /// <param name="path">The file.</param>
    /// <param name="cancellation">Reading large files takes time.</param>
    /// <param name="copy">Gets what is read; null where nobody wants it.</param>
    public static string OfFile(string path, CancellationToken cancellation, Stream? copy = null)
    {
        var hash = new XxHash128();
        if (FileStamp.Of(path).ByteLength == 0)
            return Format(hash.GetCurrentHash()); // not opened: a pipe would be waited for
        byte[] block = new byte[BlockByteLength];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);
        for (int count; (count = file.Read(block, 0, block.Length)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            Append(hash, block, count);
            copy?.Write(block, 0, count);
        }
        return Format(hash.GetCurrentHash());
    }

    public static string OfText(string text)
    {
        var hash = new XxHash128();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes, bytes.Length);
        return Format(hash.GetCurrentHash());
    }

    /// <param name="hash">16 bytes as XxHash128 gives them, big-endian.</param>
    public static string Format(byte[] hash)
    {
        var text = new StringBuilder(2 * hash.Length);
        foreach (byte b in hash)
            text.Append("0123456789abcdef"[b >> 4]).Append("0123456789abcdef"[b & 15]);
        return text.ToString();
    }

    private static void Append(XxHash128 hash, byte[] bytes, int count)
    {
#if NETSTANDARD
        hash.Append(bytes, 0, count);
#else
        hash.Append(System.MemoryExtensions.AsSpan(bytes, 0, count));
#endif
    }
}
