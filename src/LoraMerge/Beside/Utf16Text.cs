using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Texts that readers of a model take for UTF-8, in UTF-16: some editors and shells of Windows write it. No library would open such a model.</summary>
internal static class Utf16Text
{
    private static readonly string[] s_extensions = [".json", ChatTemplate.Extension];

    /// <exception cref="LoraMergeException">LORA2115.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void ThrowIf(string file)
    {
        if (!s_extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            return;
        using FileStream stream = File.OpenRead(file);
        Span<byte> start = stackalloc byte[2];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (TextMark.IsOfUtf16(start[..length]))
            throw Errors.TextIsUtf16(file);
    }
}
