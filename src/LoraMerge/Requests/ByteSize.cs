using System.Diagnostics.CodeAnalysis;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Requests;

/// <summary>A size as Hugging Face writes it: KB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024.</summary>
/// <param name="Bytes">The size.</param>
/// <param name="Text">As the user wrote it.</param>
public sealed record ByteSize(long Bytes, string Text)
{
    /// <summary>Reads a size such as <c>500MB</c>, <c>5GB</c> or <c>2GiB</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ByteSize? size)
    {
        size = ByteCount.TryParse(text, out long bytes) ? new ByteSize(bytes, text) : null;
        return size is not null;
    }
}
