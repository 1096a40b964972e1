using LoraMerge.Diagnostics;

namespace LoraMerge.Output;

/// <summary>Folders that no rename can move; to be found before a merge is done for nothing.</summary>
internal static class ImmovableFolder
{
    private const int OtherDevice = 18; // EXDEV

    /// <summary>Whether that is why a rename failed: the folder lies on another file system than its neighbours, or in a lower layer of one.</summary>
    public static bool IsReasonOf(IOException fault) => (fault.HResult & 0xFFFF) == OtherDevice;

    /// <param name="folder">With all links followed.</param>
    /// <exception cref="LoraMergeException">LORA1140: a file system is mounted there, or it is the root of one.</exception>
    public static void ThrowIfMountPoint(string folder)
    {
        if (Path.GetDirectoryName(folder) is null || MountPoints().Any(mounted => Path.TrimEndingDirectorySeparator(mounted) == folder))
            throw Errors.OutputIsMountPoint(folder);
    }

    /// <summary>What an image of a container brings can be changed file by file, but the folder stays where it is. Nothing but a rename tells.</summary>
    /// <param name="folder">With all links followed.</param>
    /// <param name="aside">A free name beside it.</param>
    /// <exception cref="LoraMergeException">LORA1140.</exception>
    public static void ThrowIfInLowerLayer(string folder, string aside)
    {
        bool isFilled = Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();
        if (!isFilled || !new DriveInfo(folder).DriveFormat.StartsWith("overlay", StringComparison.Ordinal))
            return;
        try
        {
            Directory.Move(folder, aside);
        }
        catch (IOException e) when (IsReasonOf(e))
        {
            throw Errors.OutputIsInLowerLayer(folder, e);
        }
        Directory.Move(aside, folder);
    }

    private static IEnumerable<string> MountPoints()
    {
        try
        {
            return DriveInfo.GetDrives().Select(drive => drive.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // then the rename itself will tell
        }
    }
}
