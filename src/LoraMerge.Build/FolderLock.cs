using System.Runtime.InteropServices;
using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Build;

/// <summary>One build at a time changes the model in a folder. The system frees the lock, however its owner ends; the file goes with it.</summary>
internal sealed class FolderLock : IDisposable
{
    private const int PollMilliseconds = 50;
    private const int MostFailures = 20;

    private static readonly bool s_isWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Whether somebody holds the folder, or was killed while he did.</summary>
    public static bool IsThere(string folder) => File.Exists(PathOf(folder));

    /// <summary>Waits until no other build holds the folder; the one above is made if need be.</summary>
    /// <param name="folder">Absolute path.</param>
    /// <param name="sayThatItWaits">Called once where it has to wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static FolderLock Take(string folder, Action sayThatItWaits, CancellationToken cancellation)
    {
        string path = PathOf(folder);
        bool hasSaid = false;
        for (int failures = 0; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                if (TryTake(path) is { } taken)
                    return taken;
            }
            catch (IOException fault) when (FileLock.IsTaken(fault))
            {
                if (!hasSaid)
                    sayThatItWaits();
                hasSaid = true;
            }
            catch (Exception fault) when (failures < MostFailures && IsGoing(fault))
            {
                failures++;
            }
            cancellation.WaitHandle.WaitOne(PollMilliseconds);
        }
    }

    /// <summary>Elsewhere the file goes first, or another build could hold one that is gone. Windows deletes no file that anybody has open.</summary>
    public void Dispose()
    {
        if (s_isWindows)
            _file.Dispose();
        try
        {
            File.Delete(_file.Name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // On Windows: the next build has it. Elsewhere: the next build takes it over.
        }
        _file.Dispose();
    }

    private static FolderLock? TryTake(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        bool isTaken = false;
        try
        {
            isTaken = IsAtItsName(file);
            return isTaken ? new FolderLock(file) : null;
        }
        finally
        {
            if (!isTaken)
                file.Dispose();
        }
    }

    /// <summary>Beside the folder, which another one may take the place of meanwhile.</summary>
    private static string PathOf(string folder) => Path.Combine(Path.GetDirectoryName(folder)!, $".lora-{Path.GetFileName(folder)}.lock");

    /// <summary>Another build has just removed the empty folder; or the file, which Windows refuses until it is gone.</summary>
    private static bool IsGoing(Exception fault) => fault is DirectoryNotFoundException || (fault is UnauthorizedAccessException && s_isWindows);

    /// <summary>Whether its owner did not delete the file between its being opened here and locked: the lock would protect nothing.</summary>
    private static bool IsAtItsName(FileStream file)
    {
        if (s_isWindows)
            return true;
        // A length that nobody else chooses. Its bytes are a hole: they take no room on a full disk.
        int length = Guid.NewGuid().GetHashCode() & 0xFFFFF;
        file.SetLength(length);
        var named = new FileInfo(file.Name);
        return named.Exists && named.Length == length;
    }
}
