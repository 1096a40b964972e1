using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>The small text that git leaves in the place of a large file which was not fetched.</summary>
internal static class LfsPointer
{
    private static ReadOnlySpan<byte> Start => "version https://git-lfs"u8;

    /// <exception cref="LoraMergeException">LORA1112, LORA2003.</exception>
    public static void ThrowIf(string file)
    {
        SpecialFile.ThrowIf(file);
        using FileStream stream = File.OpenRead(file);
        Span<byte> start = stackalloc byte[Start.Length];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        ThrowIfStartOf(file, start[..length], stream.Length);
    }

    /// <param name="file">The file.</param>
    /// <param name="start">Its first bytes.</param>
    /// <param name="byteLength">Its length.</param>
    /// <exception cref="LoraMergeException">LORA2003.</exception>
    public static void ThrowIfStartOf(string file, ReadOnlySpan<byte> start, long byteLength)
    {
        if (start.StartsWith(Start))
            throw Errors.LfsPointer(file, byteLength);
    }
}
