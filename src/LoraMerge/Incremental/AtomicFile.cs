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
            Move(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
        DeleteRemains(Path.GetDirectoryName(path)!, Path.GetFileName(path));
    }

    /// <summary>Deletes what processes left that were killed while they wrote. What is young may belong to one that lives.</summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="name">The file's name, which may hold wildcards.</param>
    public static void DeleteRemains(string folder, string name)
    {
        DateTime oldest = DateTime.UtcNow - s_longestWrite;
        try
        {
            foreach (string left in Directory.GetFiles(folder, name + ".*.partial").Where(file => File.GetLastWriteTimeUtc(file) < oldest))
                File.Delete(left);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another user's.
        }
    }

    /// <summary>Renames a file, over another one if there is one.</summary>
    private static void Move(string from, string to)
    {
#if NETSTANDARD
        Replace(from, to);
#else
        File.Move(from, to, overwrite: true);
#endif
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
