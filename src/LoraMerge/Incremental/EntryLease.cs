namespace LoraMerge.Incremental;

/// <summary>A claim on an entry of a store. While anybody holds one, no process takes the entry away; the system frees it, however its owner ends.</summary>
/// <remarks>It is a lock on <c>NAME-KEY16.use</c>, whose time says when the entry was last used.</remarks>
internal sealed class EntryLease : IDisposable
{
    private const string Extension = ".use";
    private const int PollMilliseconds = 50;
    private const int MostAttempts = 600;

    private readonly FileStream _file;

    private EntryLease(FileStream file) => _file = file;

    /// <summary>Any number of builds may use an entry at once. Waits while it is being taken away: then the lease is for an entry that is no more.</summary>
    /// <returns>Null where the store is read-only, so that nobody takes anything away.</returns>
    public static EntryLease? TryUse(string store, string entryName)
    {
        string path = FileOf(store, entryName);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                File.Open(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite).Dispose();
                Touch(path);
                return new EntryLease(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read));
            }
            catch (Exception fault) when (attempt < MostAttempts && (fault is FileNotFoundException || (fault is IOException taken && FileLock.IsTaken(taken))))
            {
                Thread.Sleep(PollMilliseconds);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>To take the entry away. Its owner ends with <see cref="Remove"/>.</summary>
    /// <returns>Null where somebody uses it.</returns>
    public static EntryLease? TryOwn(string store, string entryName)
    {
        try
        {
            return new EntryLease(new FileStream(FileOf(store, entryName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a build uses the entry now.</summary>
    public static bool IsHeld(string store, string entryName)
    {
        try
        {
            if (File.Exists(FileOf(store, entryName)))
                new FileStream(FileOf(store, entryName), FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return false;
        }
        catch (IOException fault)
        {
            return FileLock.IsTaken(fault);
        }
    }

    /// <returns>When a build last asked for the entry, UTC; null where that is not known.</returns>
    public static DateTime? LastUse(string store, string entryName)
    {
        string path = FileOf(store, entryName);
        return File.Exists(path) ? File.GetLastWriteTimeUtc(path) : null;
    }

    /// <summary>Releases the claim and removes its file, for an entry that is no more.</summary>
    public void Remove()
    {
        _file.Dispose(); // Windows deletes no open file
        File.Delete(_file.Name);
    }

    public void Dispose() => _file.Dispose();

    private static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (UnauthorizedAccessException)
        {
            // The file of another user, whose use counts as well.
        }
    }

    private static string FileOf(string store, string entryName) => Path.Combine(store, entryName + Extension);
}
