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
        try
        {
            return PlacedCopy.MakeWhereWhole(path, destination, file.Hash, cancellation);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return ContentHash.OfFile(path, cancellation); // the copy that follows reports what is wrong with the output
        }
    }
}
