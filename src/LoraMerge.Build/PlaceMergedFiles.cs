using LoraMerge.Incremental;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace LoraMerge.Build;

/// <summary>Puts large files of merged models into the output without copying their bytes. What it cannot place is left to the copy that follows, which reports its own faults.</summary>
[MSBuildMultiThreadableTask]
public sealed class PlaceMergedFiles : Task
{
    /// <summary>Absolute paths of files of a store; small ones are left to the copy that follows.</summary>
    [Required]
    public ITaskItem[] Files { get; set; } = [];

    /// <summary>Absolute path for each of them.</summary>
    [Required]
    public ITaskItem[] Destinations { get; set; } = [];

    /// <summary>Whether a hard link will do where the file system cannot clone. In a store that others use it will not: writing to the link would change the model for all.</summary>
    public bool MayLink { get; set; }

    /// <summary>Whether a file is worth a clone or a link.</summary>
    internal static bool IsLarge(string path) => Path.GetExtension(path) == ".safetensors";

    /// <inheritdoc/>
    public override bool Execute()
    {
        for (int i = 0; i < Files.Length; i++)
        {
            if (IsLarge(Files[i].ItemSpec))
                Place(Files[i].ItemSpec, Destinations[i].ItemSpec);
        }
        return true;
    }

    private void Place(string file, string destination)
    {
        try
        {
            // The rule of the copy that follows.
            if (File.Exists(destination) && FileStamp.Of(destination) == FileStamp.Of(file))
                return;
            switch (FileTwin.TryCreate(file, destination, MayLink))
            {
                case TwinKind.Clone:
                    Log.LogMessage(MessageImportance.Low, "Cloned '{0}' to '{1}'.", file, destination);
                    break;
                case TwinKind.Link:
                    Log.LogMessage(MessageImportance.Low, "Linked '{0}' to '{1}'.", file, destination);
                    break;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.LogMessage(MessageImportance.Low, "'{0}' cannot be placed without copying it: {1}", destination, fault.Message);
        }
    }
}
