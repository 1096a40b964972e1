namespace LoraMerge.Faults.Scenes;

/// <summary>Where a model may lie.</summary>
/// <param name="Folder">Relative path of its folder.</param>
/// <param name="Mark">Relative path of the file without which it does not count; null where the folder itself is what counts.</param>
internal sealed record ModelPlace(string Folder, string? Mark = null)
{
    /// <summary>Whether there is a model, for whoever looks.</summary>
    public bool Counts(FolderState state) => state[Mark ?? Folder] is not null && (Mark is not null || state.Below(Folder).Skip(1).Any());

    /// <summary>Whether a file belongs to it.</summary>
    public bool Owns(string path) => path == Mark || FolderState.IsSameOrBelow(path, Folder);
}
