namespace LoraMerge.Merging;

/// <summary>A place for a whole merged model: it is written into a staging folder, and seen by others only when it is complete.</summary>
/// <remarks>Disposing without a commit removes the staging folder.</remarks>
internal interface IModelDestination : IDisposable
{
    /// <summary>The folder to write into; on the same file system as the final place.</summary>
    string StagingFolder { get; }

    /// <summary>Puts the staged model into its place.</summary>
    /// <returns>The folder where the model now lies.</returns>
    string Commit();
}
