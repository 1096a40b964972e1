using LoraMerge.Agreed.FileSystem;
using LoraMerge.Diagnostics;

namespace LoraMerge.Output;

/// <summary>
/// One merge at a time into an output folder: a lock on <c>NAME.lora-lock</c> beside it. The system frees it when its owner ends, however it ends.
/// </summary>
internal sealed class OutputLock : IDisposable
{
    private const int ReadOnlyFileSystem = 30; // EROFS

    private readonly FileStream _file;

    private OutputLock(FileStream file) => _file = file;

    /// <param name="output">The output folder, with all links followed; its parent exists.</param>
    /// <exception cref="LoraMergeException">LORA1103: such a file belongs to somebody. LORA1109: another merge has the lock. LORA1141.</exception>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made.</exception>
    public static OutputLock Take(string output)
    {
        string path = output + ".lora-lock";
        if (new FileInfo(path) is { Exists: true, Length: > 0 })
            throw Errors.OutputLockIsForeign(output, path);
        try
        {
            // Opened so, .NET makes sure that what it has locked still lies at the path, and deletes it before it lets go: no two owners ever meet.
            return new OutputLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose));
        }
        catch (IOException e) when (FileLock.IsTaken(e))
        {
            throw Errors.OutputIsBeingWritten(output);
        }
        catch (Exception e) when (Directory.Exists(output) && (e is UnauthorizedAccessException || (e.HResult & 0xFFFF) == ReadOnlyFileSystem))
        {
            throw Errors.OutputParentNotWritable(output, e);
        }
    }

    public void Dispose() => _file.Dispose();
}
