using LoraMerge.Incremental;

namespace LoraMerge.Build;

/// <summary>
/// Hashes large files of an entry and puts them into the output on the way: where a restored store's times say nothing, every file has to be read once, and so it is copied in the same pass.
/// </summary>
/// <param name="outputFolder">The model's folder in the output.</param>
internal sealed class VerifiedPlacement(string outputFolder)
{
    /// <returns>The file's hash. The output has the file only where that is the one that the entry says.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public string Hash(StoredFile file, string path, CancellationToken cancellation)
    {
        string destination = Path.Combine(outputFolder, file.RelativePath.Replace('/', Path.DirectorySeparatorChar));
        if (!PlaceMergedFiles.IsWeightFile(path) || (File.Exists(destination) && FileStamp.Of(destination) == FileStamp.Of(path)))
            return ContentHash.OfFile(path, cancellation);
        string partial = destination + FileTwin.PartialSuffix;
        try
        {
            string hash = FileTwin.TryCreate(path, partial, mayLink: false) == TwinKind.Clone
                ? ContentHash.OfFile(path, cancellation)
                : Copy(path, partial, cancellation);
            if (hash == file.Hash)
                FileTwin.Commit(path, partial, destination);
            return hash;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return ContentHash.OfFile(path, cancellation); // the copy that follows reports what is wrong with the output
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }

    private static string Copy(string path, string partial, CancellationToken cancellation)
    {
        using var to = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
        return ContentHash.OfFile(path, cancellation, to);
    }
}
