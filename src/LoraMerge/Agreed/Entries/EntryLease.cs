using System.Runtime.InteropServices;
using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Agreed.Entries;

/// <summary>A claim on an entry of a store. While anybody holds one, no process takes the entry away; the system frees it, however its owner ends.</summary>
/// <remarks>It is a lock on <c>NAME-KEY16.use</c>, whose time says when the entry was last used.</remarks>
internal sealed class EntryLease : IDisposable
{
    private const int PollMilliseconds = 50;
    private const int MostAttempts = 600;

    /// <summary>How long an entry counts as used where the file system has no locks that would tell.</summary>
    private static readonly TimeSpan s_longestUse = TimeSpan.FromDays(1);

    private readonly FileStream _file;

    private EntryLease(FileStream file) => _file = file;

    /// <summary>Any number of builds may use an entry at once. Waits while it is being taken away: then the lease is for an entry that is no more.</summary>
    /// <returns>Null where the store is read-only, so that nobody takes anything away.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static EntryLease? TryUse(EntryPlace place, CancellationToken cancellation)
    {
        string path = place.UseFile;
        for (int attempt = 0; ; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            FileStream? file = null;
            try
            {
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
                // Missing now means that its owner took it away after it was opened here: the lock on it would protect nothing.
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
                return new EntryLease(file);
            }
            catch (UnauthorizedAccessException) when (file is not null)
            {
                return new EntryLease(file); // made by another user: its time stays
            }
            catch (IOException fault) when (attempt < MostAttempts && (fault is FileNotFoundException || FileLock.IsTaken(fault)))
            {
                file?.Dispose();
                Thread.Sleep(PollMilliseconds);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                file?.Dispose();
                return null;
            }
        }
    }

    /// <summary>To take the entry away. Its owner ends with <see cref="Remove"/>.</summary>
    /// <returns>Null where somebody uses it, or may use it where locks do not tell, or this user may not.</returns>
    public static EntryLease? TryOwn(EntryPlace place)
    {
        try
        {
            bool isNew = !Presence.OfFile(place.UseFile);
            var lease = new EntryLease(new FileStream(place.UseFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            if (isNew || lease.IsAlone)
                return lease;
            lease.Dispose();
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a build uses the entry now; also where this user may not know, and, where locks do not tell, for a day after the last use.</summary>
    public static bool IsHeld(EntryPlace place)
    {
        try
        {
            using var lease = new EntryLease(new FileStream(place.UseFile, FileMode.Open, FileAccess.Read, FileShare.None));
            return !lease.IsAlone;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <returns>When a build last asked for the entry, UTC; null where that is not known.</returns>
    public static DateTime? LastUse(EntryPlace place)
    {
        string path = place.UseFile;
        return File.Exists(path) ? FileStamp.TimeOf(path) : null;
    }

    /// <summary>
    /// Removes the claim's file, for an entry that is no more, and releases the claim: in this order, or another process could hold a file that is gone.
    /// Windows deletes no file that anybody has open.
    /// </summary>
    public void Remove()
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            _file.Dispose();
        try
        {
            File.Delete(_file.Name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next merge sweeps it.
        }
        _file.Dispose();
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Of a lease that shares with nobody.</summary>
    private bool IsAlone => FileLock.IsHeeded(_file.Name) || DateTime.UtcNow - FileStamp.TimeOf(_file.Name) > s_longestUse;
}
