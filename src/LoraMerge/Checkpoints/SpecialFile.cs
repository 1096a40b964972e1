using System.Formats.Tar;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>Pipes, devices and sockets in the place of a file: whoever opens them may wait for ever.</summary>
internal static class SpecialFile
{
    private const int TypeOffset = 156;

    /// <exception cref="LoraMergeException">LORA1112.</exception>
    /// <exception cref="IOException">The path is missing, or cannot be looked at.</exception>
    public static void ThrowIf(string path)
    {
        var file = new FileInfo(RealPath.Of(path));
        if (OperatingSystem.IsWindows() || !file.Exists || file.Length > 0)
            return;
        if (KindOf(file.FullName) is string kind)
            throw Errors.InputIsSpecial(path, kind);
    }

    /// <summary>.NET tells the kind of a file to archives alone: by the header that one would have. Gnu's has room for every owner and time.</summary>
    private static string? KindOf(string path)
    {
        using var archive = new MemoryStream();
        try
        {
            using var writer = new TarWriter(archive, TarEntryFormat.Gnu, leaveOpen: true);
            writer.WriteEntry(path, "x");
        }
        catch (IOException)
        {
            return "a socket"; // which no archive can hold
        }
        return archive.GetBuffer()[TypeOffset] switch
        {
            (byte)TarEntryType.Fifo => "a pipe",
            (byte)TarEntryType.CharacterDevice or (byte)TarEntryType.BlockDevice => "a device",
            _ => null,
        };
    }
}
