using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>
/// Hashes large files of an entry and copies them beside their places in the output on the way: where a restored store's times say nothing, every file has to
/// be read once, and so it is copied in the
/// same pass. They move into their places with all others of the model.
/// </summary>
/// <param name="engine">Keeps the copies until then.</param>
/// <param name="outputFolder">The model's folder in the output.</param>
internal sealed class VerifiedPlacement(IBuildEngine4 engine, string outputFolder)
{
    private readonly BesideName _beside = new();
    private readonly FileSteps _steps = new();

    /// <returns>The file's hash.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public string Hash(StoredFile file, string path, CancellationToken cancellation)
    {
        var place = new PlacedFile(path, FileNames.PathIn(outputFolder, file.RelativePath), file.Hash);
        if (!PlacedModel.IsWeightFile(path) || place.IsInPlace)
            return ContentHash.OfFile(path, cancellation);
        var copy = new StagedCopy(_beside.OfNew(place.Destination));
        string? hash = null;
        try
        {
            _steps.CreateFolder(Path.GetDirectoryName(copy.Path)!);
            hash =
                _steps.TryTwin(path, copy.Path, mayLink: false) == TwinKind.Clone
                    ? ContentHash.OfFile(copy.Path, cancellation)
                    : _steps.Copy(path, copy.Path, cancellation);
            if (hash == file.Hash)
                copy.Offer(engine, place.Destination);
            return hash;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return ContentHash.OfFile(path, cancellation); // what is wrong with the output is said when the model is placed
        }
        finally
        {
            if (hash != file.Hash)
                copy.Dispose();
        }
    }
}
