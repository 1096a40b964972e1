namespace LoraMerge.Incremental;

/// <summary>What the system says when another process has a file locked.</summary>
internal static class FileLock
{
    /// <summary>ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of Windows; EWOULDBLOCK of flock elsewhere (11 on Linux, 35 on macOS).</summary>
    public static bool IsTaken(IOException fault) => (fault.HResult & 0xFFFF) is 32 or 33 or 11 or 35;
}
