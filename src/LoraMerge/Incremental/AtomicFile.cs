using System.Text;

namespace LoraMerge.Incremental;

/// <summary>Small text files that are there whole or not at all.</summary>
internal static class AtomicFile
{
    private static readonly TimeSpan s_longestWrite = TimeSpan.FromMinutes(1);
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes beside the file and renames; creates the folder. Lines end with a line feed.</summary>
    public static void WriteLines(string path, IEnumerable<string> lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            File.WriteAllText(temporary, string.Concat(lines.Select(line => line + "\n")), s_utf8);
#if NETSTANDARD
            Replace(temporary, path);
#else
            File.Move(temporary, path, overwrite: true);
#endif
        }
        finally
        {
            File.Delete(temporary);
        }
        DeleteRemains(path);
    }

    /// <returns>The lines, or null where the file is missing or cannot be read.</returns>
    public static string[]? TryReadLines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path, s_utf8) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Of processes that were killed here. What is young may belong to one that lives.
    private static void DeleteRemains(string path)
    {
        DateTime oldest = DateTime.UtcNow - s_longestWrite;
        foreach (string left in Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*.partial").Where(file => File.GetLastWriteTimeUtc(file) < oldest))
            File.Delete(left);
    }
#if NETSTANDARD

    private static void Replace(string temporary, string path)
    {
        if (!File.Exists(path))
        {
            try
            {
                File.Move(temporary, path);
                return;
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another build was faster.
            }
        }
        File.Replace(temporary, path, destinationBackupFileName: null);
    }
#endif
}
