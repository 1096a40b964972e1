namespace LoraMerge.Build;

/// <summary>Where merged models lie.</summary>
/// <param name="Path">Absolute path of the folder.</param>
/// <param name="BelongsToProject">Whether it lies in the project's obj. Other folders may be shared, and nothing is taken away there for being unused.</param>
internal sealed record ModelStore(string Path, bool BelongsToProject);
