using LoraMerge.Agreed.Entries;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>
/// Holds the models that a build uses until it ends, when they have been copied: another build's limit or <c>lora-merge cache</c> takes none of them away.
/// </summary>
internal static class HeldModels
{
    /// <summary>Several nodes may build in one process, and what is registered twice is forgotten: it would be held until the process ends.</summary>
    private static readonly object s_turn = new();

    /// <returns>False where the model was taken away before it could be held.</returns>
    public static bool TryHold(IBuildEngine engine, FoundModel found, CancellationToken cancellation)
    {
        if (engine is not IBuildEngine4 build)
            return true;
        string key = $"LoraMerge.Build uses {found.Place.Name} of {found.Place.Store}";
        if (build.GetRegisteredTaskObject(key, RegisteredTaskObjectLifetime.Build) is not null)
            return true;
        EntryLease? lease = EntryLease.TryUse(found.Place, cancellation);
        if (!File.Exists(found.Place.MarkFile))
        {
            lease?.Dispose();
            return false;
        }
        lock (s_turn)
        {
            if (lease is not null && build.GetRegisteredTaskObject(key, RegisteredTaskObjectLifetime.Build) is null)
                build.RegisterTaskObject(key, lease, RegisteredTaskObjectLifetime.Build, allowEarlyCollection: false);
            else
                lease?.Dispose();
        }
        return true;
    }
}
