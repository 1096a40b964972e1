using System.Text;
#if NETSTANDARD
using XxHash128 = LoraMerge.Build.XxHash128;
#else
using System.IO.Hashing;
#endif

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>XxHash128 of contents as 32 lower-case hexadecimal digits, most significant first.</summary>
internal static class ContentHash
{
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Reading large files takes time.</param>
    public static string OfFile(string path, CancellationToken cancellation)
    {
        var hash = new XxHash128();
        if (FileStamp.Of(path).ByteLength == 0)
            return Format(hash.GetCurrentHash()); // not opened: a pipe would be waited for
        FilePieces.Read(path, (piece, offset, count) => Append(hash, piece, offset, count), cancellation);
        return Format(hash.GetCurrentHash());
    }

    public static string OfText(string text)
    {
        var hash = new XxHash128();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes, 0, bytes.Length);
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

    private static void Append(XxHash128 hash, byte[] bytes, int offset, int count)
    {
#if NETSTANDARD
        hash.Append(bytes, offset, count);
#else
        hash.Append(System.MemoryExtensions.AsSpan(bytes, offset, count));
#endif
    }
}
