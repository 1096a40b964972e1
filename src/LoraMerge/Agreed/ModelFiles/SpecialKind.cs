namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Pipes, devices and sockets in the place of a file: whoever opens one may wait for ever.</summary>
internal static class SpecialKind
{
    private const int KindMask = 0xF000; // S_IFMT

    /// <returns>As messages say it; null for a file, for a folder and for nothing.</returns>
    public static string? Of(string path) => (UnixStat.Of(path)?.Mode & KindMask) switch
    {
        0x1000 => "a pipe",
        0xC000 => "a socket",
        0x2000 or 0x6000 => "a device",
        _ => null,
    };
}
