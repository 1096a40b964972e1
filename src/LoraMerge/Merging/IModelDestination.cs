namespace LoraMerge.Merging;

/// <summary>A place for a whole merged model: it is written into a staging folder, and seen by others only when it is complete.</summary>
/// <remarks>Disposing without a commit removes the staging folder.</remarks>
internal interface IModelDestination : IDisposable
{
    /// <summary>The folder to write into; on the same file system as the final place. <see cref="Begin"/> makes it.</summary>
    string StagingFolder { get; }

    /// <summary>Makes the staging folder. Only what is named here may be written into it; by that, a later merge removes it after a kill.</summary>
    /// <param name="files">Relative paths of all files of the model, with '/'. A file may be called by its name and <c>.partial</c> until it is whole.</param>
    void Begin(IEnumerable<string> files);

    /// <summary>Puts the staged model, which is on the disk, into its place.</summary>
    /// <returns>The folder where the model now lies.</returns>
    string Commit();
}
