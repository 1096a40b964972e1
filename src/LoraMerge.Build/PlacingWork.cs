using LoraMerge.Agreed.Entries;

namespace LoraMerge.Build;

/// <summary>What is to be done so that a model is in its place.</summary>
/// <param name="Changed">Files that are missing in their places or are others there; the manifest too, where anything is to be done.</param>
/// <param name="Gone">Files of the earlier model that the new one does not have.</param>
/// <param name="Left">What killed builds left.</param>
internal sealed record PlacingWork(IReadOnlyList<PlacedFile> Changed, IReadOnlyList<string> Gone, IReadOnlyList<string> Left)
{
    public bool IsNone => Changed.Count + Gone.Count + Left.Count == 0;

    /// <param name="model">The model.</param>
    /// <param name="earlierFiles">What earlier builds of the project put there.</param>
    /// <param name="wanted">What any model of the project has; never gone.</param>
    /// <exception cref="IOException">A file cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be looked at.</exception>
    public static PlacingWork Of(PlacedModel model, IEnumerable<string> earlierFiles, ISet<string> wanted)
    {
        List<PlacedFile> changed = [.. model.Files.Where(file => !file.IsInPlace)];
        // The manifest that is there knows what others put there, or a build whose memory is lost.
        IEnumerable<string> listed = changed
            .Where(file => file.IsManifest)
            .SelectMany(manifest => ManifestLines.FilesOf(manifest.Destination))
            .Select(file => FileNames.PathIn(model.Folder, file));
        List<string> known = [.. earlierFiles.Concat(listed).Where(file => !wanted.Contains(file)).Distinct()];
        List<string> gone = [.. known.Where(Presence.OfAny)];
        if (changed.Count + gone.Count > 0)
            changed.AddRange(model.Files.Where(file => file.IsManifest).Except(changed));
        return new PlacingWork(changed, gone, [.. FindLeft(model.Files.Select(file => file.Destination).Concat(known))]);
    }

    /// <param name="files">Files of a model, in whose folders is looked.</param>
    public static IEnumerable<string> FindLeft(IEnumerable<string> files) =>
        files.Select(file => Path.GetDirectoryName(file)!).Distinct().SelectMany(BesideName.FindIn);
}
