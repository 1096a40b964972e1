using LoraMerge.Incremental;

namespace LoraMerge.Build;

/// <summary>Copies files into the output, each whole or not at all, with the time of its source.</summary>
internal static class PlacedCopy
{
    /// <exception cref="IOException">One of the two cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">One of the two cannot be read or written.</exception>
    public static void Make(string source, string destination, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
        Place(source, destination, partial =>
        {
            using FileStream to = Create(partial);
            FilePieces.Read(source, to.Write, cancellation);
            return true;
        });
    }

    /// <summary>Reads the file once for both its hash and its copy, which is a clone where the file system has them.</summary>
    /// <returns>The file's hash. Where it is not the one that is expected, nothing is placed.</returns>
    /// <exception cref="IOException">One of the two cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">One of the two cannot be read or written.</exception>
    public static string MakeWhereWhole(string source, string destination, string expectedHash, CancellationToken cancellation)
    {
        string hash = "";
        Place(source, destination, partial =>
        {
            if (FileTwin.TryCreate(source, partial, mayLink: false) == TwinKind.Clone)
            {
                hash = ContentHash.OfFile(source, cancellation);
            }
            else
            {
                using FileStream to = Create(partial);
                hash = ContentHash.OfFile(source, cancellation, to);
            }
            return hash == expectedHash;
        });
        return hash;
    }

    private static void Place(string source, string destination, Func<string, bool> fill)
    {
        string partial = destination + FileTwin.PartialSuffix;
        try
        {
            if (fill(partial))
                FileTwin.Commit(source, partial, destination);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }

    private static FileStream Create(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
}
