using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Build;

/// <summary>A file that is made beside its place, to move in when all others of its model are made.</summary>
/// <param name="place">The file.</param>
/// <param name="path">Where it waits.</param>
internal sealed class StagedFile(PlacedFile place, string path)
{
    public PlacedFile Place => place;

    public string Path => path;

    /// <summary>Whether all of it is there.</summary>
    public bool IsMade { get; set; }

    /// <summary>How it came there.</summary>
    public TwinKind Kind { get; set; }
}
