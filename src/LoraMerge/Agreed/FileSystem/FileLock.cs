namespace LoraMerge.Agreed.FileSystem;

/// <summary>How locks on files answer: .NET takes one with every file that it opens, as its sharing says.</summary>
internal static class FileLock
{
    /// <summary>ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of Windows; EWOULDBLOCK of flock elsewhere (11 on Linux, 35 on macOS).</summary>
    public static bool IsTaken(IOException fault) => (fault.HResult & 0xFFFF) is 32 or 33 or 11 or 35;

    /// <summary>
    /// Whether a file that is open without sharing is kept from others: some network file systems have no locks, and .NET then goes on without.
    /// </summary>
    /// <param name="path">The file that is open.</param>
    public static bool IsHeeded(string path)
    {
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete).Dispose();
            return false;
        }
        catch (IOException fault)
        {
            return IsTaken(fault);
        }
    }
}
