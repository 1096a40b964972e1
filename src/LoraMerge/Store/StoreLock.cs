using LoraMerge.Agreed.FileSystem;
using LoraMerge.Diagnostics;

namespace LoraMerge.Store;

/// <summary>One merge at a time in a store, across processes. The system frees the lock when its owner ends, however it ends; the file stays.</summary>
internal sealed class StoreLock : IDisposable
{
    private const string FileName = ".lora-merge.lock";
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    /// <summary>Waits until no other process holds the store; says once that it waits.</summary>
    /// <exception cref="LoraMergeException">LORA1109: the store cannot be written.</exception>
    public static async Task<StoreLock> TakeAsync(string store, Action<MergeEvent> report, CancellationToken cancellation)
    {
        string path = Path.Combine(store, FileName);
        for (bool isFirst = true; ; isFirst = false)
        {
            try
            {
                Directory.CreateDirectory(store);
                return new StoreLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (File.Exists(path) && FileLock.IsTaken(e))
            {
                if (isFirst)
                    report(new MergeEvent.Information("Waiting for another build that uses the same store of merged models."));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Errors.OutputNotWritable(store, e);
            }
            await Task.Delay(PollInterval, cancellation);
        }
    }

    /// <summary>Whether a folder has, or had, a lock.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    public void Dispose() => _file.Dispose();
}
