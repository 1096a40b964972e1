using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Requests;

namespace LoraMerge.Writing;

/// <summary>Tells of adapters that the base was already made of, which is known only when all files are hashed.</summary>
internal static class AdaptersInBase
{
    public static IEnumerable<MergeEvent> Of(OpenedInputs inputs, MergeManifest manifest)
    {
        if (MadeOf(inputs.Checkpoint) is not { } earlier)
            yield break;
        for (int i = 0; i < inputs.Adapters.Length; i++)
        {
            var weights = inputs.Adapters[i].Weights.Select(shard => manifest.Adapters[i].Files.GetValueOrDefault(shard.FileName)).ToHashSet();
            if (inputs.Request.Adapters[i].Weight != 0 && earlier.Adapters.Any(adapter => weights.IsSubsetOf(adapter.Files.Values)))
                yield return Notes.AdapterIsInBase(inputs.Adapters[i].Path, inputs.Checkpoint.Path);
        }
    }

    /// <summary>What the base was merged of; null where it was not, or where that cannot be read: it decides nothing.</summary>
    private static MergeManifest? MadeOf(Checkpoint checkpoint)
    {
        string file = MergeManifest.PathIn(checkpoint.Folder);
        try
        {
            return File.Exists(file) ? MergeManifest.Read(file) : null;
        }
        catch (LoraMergeException)
        {
            return null;
        }
    }
}
