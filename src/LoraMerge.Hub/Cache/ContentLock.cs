using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Hub.Cache;

/// <summary>The lock that Python's filelock takes too while it fetches contents: so two processes fetch them once.</summary>
/// <remarks>It saves double work. Where there are no locks, or the medium is read-only, hashes and renames still keep everything right.</remarks>
internal static class ContentLock
{
    /// <param name="path">The lock file, which stays.</param>
    /// <param name="interval">How often it is tried.</param>
    /// <param name="onWait">Called once when another process has it.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>To be disposed; null where there are no locks.</returns>
    public static async Task<IDisposable?> TakeAsync(string path, TimeSpan interval, Action onWait, CancellationToken cancellation)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                bool isForeign = RealPath.IsLink(path) || SpecialKind.Of(path) is not null;
                return isForeign ? null : new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException fault) when (FileLock.IsTaken(fault))
            {
                if (isFirst)
                    onWait();
                await Task.Delay(interval, cancellation);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
