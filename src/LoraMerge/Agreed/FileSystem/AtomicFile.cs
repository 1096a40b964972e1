using System.Text;
using LoraMerge.Safetensors;
#if NETSTANDARD
using System.ComponentModel;
using System.Runtime.InteropServices;
#endif

namespace LoraMerge.Agreed.FileSystem;

/// <summary>Files that are there whole or not at all; small text files on the disk too.</summary>
internal static class AtomicFile
{
    private const int MostAttempts = 20;
    private const int PollMilliseconds = 20;

    /// <summary>Where the file system has no locks, age alone tells that nobody writes a file any more.</summary>
    private static readonly TimeSpan s_longestWrite = TimeSpan.FromMinutes(1);

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes beside the file and renames; creates the folder. Lines end with a line feed.</summary>
    /// <exception cref="IOException">It cannot be written, or the disk did not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void WriteLines(string path, IEnumerable<string> lines)
    {
        string folder = Path.GetDirectoryName(path)!;
        byte[] bytes = s_utf8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
        int attempt = 1;
        while (!TryWrite(path, bytes, isLastAttempt: attempt == MostAttempts))
            attempt++;
        DiskFlush.OfFolder(folder);
        DeleteRemains(folder, target => target == Path.GetFileName(path));
    }

    /// <summary>Makes a file under a name of its own beside its place, and renames it; where either fails, nothing is left of it.</summary>
    /// <param name="path">What it is called in the end.</param>
    /// <param name="make">Makes it, whole; is given where.</param>
    public static void Place(string path, Action<string> make)
    {
        string partial = PartialName.For(path);
        try
        {
            make(partial);
            Move(partial, path);
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

    /// <summary>Deletes what processes left that were killed while they wrote: files that nobody has open.</summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="isOurs">Whether a file of that name is written here.</param>
    public static void DeleteRemains(string folder, Func<string, bool> isOurs)
    {
        try
        {
            foreach (string left in Directory.GetFiles(folder).Where(file => PartialName.TargetOf(Path.GetFileName(file)) is { } target && isOurs(target)))
                TryDeleteUnlessOpen(left);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another user's.
        }
    }

    /// <summary>Renames a file, over another one if there is one; whoever has that open keeps it, and its other names stay as they are.</summary>
    public static void Move(string from, string to)
    {
#if NETSTANDARD
        bool isMoved = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? WindowsMove(from, to, ReplaceExisting) : UnixMove(from, to) == 0;
        if (!isMoved)
        {
            int error = Marshal.GetLastWin32Error();
            string message = $"{new Win32Exception(error).Message} : '{to}'";
            throw error == FileNotFound ? new FileNotFoundException(message) : new IOException(message, error);
        }
#else
        File.Move(from, to, overwrite: true);
#endif
    }

    /// <returns>The lines, or null where the file is missing or cannot be read.</returns>
    public static string[]? TryReadLines(string path)
    {
        try
        {
            return File.Exists(path) ? ReadLines(path) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static string[] ReadLines(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (FileStamp.Of(path).ByteLength == 0)
                    return []; // not opened: a pipe would be waited for
                using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using StreamReader reader = new(file, s_utf8);
                return reader.ReadToEnd().Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
            }
            catch (IOException fault) when (attempt < MostAttempts && FileLock.IsTaken(fault))
            {
                Thread.Sleep(PollMilliseconds); // renamed while another process looked whether it was left
            }
        }
    }

    /// <returns>
    /// False where it is to be tried again: there was no folder, or another process took the new file for one that was left, in the moment when nobody has
    /// it open.
    /// </returns>
    private static bool TryWrite(string path, byte[] bytes, bool isLastAttempt)
    {
        try
        {
            Place(path, partial =>
            {
                using FileStream file = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None);
                file.Write(bytes, 0, bytes.Length);
                DiskFlush.OfFile(file, path);
            });
            return true;
        }
        catch (DirectoryNotFoundException) when (!isLastAttempt)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return false;
        }
        catch (IOException fault) when (!isLastAttempt && (fault is FileNotFoundException || FileLock.IsTaken(fault)))
        {
            return false;
        }
    }

    private static void TryDeleteUnlessOpen(string path)
    {
        try
        {
            bool isLeft;
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                isLeft = FileLock.IsHeeded(path) || DateTime.UtcNow - FileStamp.TimeOf(path) > s_longestWrite;
            if (isLeft)
                File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Somebody writes it.
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Swept with what killed processes leave.
        }
    }

#if NETSTANDARD
    private const int ReplaceExisting = 1; // MOVEFILE_REPLACE_EXISTING
    private const int FileNotFound = 2; // ERROR_FILE_NOT_FOUND, ENOENT

    [DllImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, CharSet = CharSet.Unicode)]
    private static extern bool WindowsMove(string from, string to, int flags);

#pragma warning disable CA2101 // "ANSI" is UTF-8 on Unix.
    [DllImport("libc", EntryPoint = "rename", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int UnixMove(string from, string to);
#pragma warning restore CA2101
#endif
}
