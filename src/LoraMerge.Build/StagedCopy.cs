using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>
/// A file of the store that was copied beside its place because it had to be read: later in the same build its place takes it. What no place takes goes with
/// the build.
/// </summary>
internal sealed class StagedCopy(string path) : IDisposable
{
    /// <returns>The path of the copy for a place; null where there is none.</returns>
    public static string? TryTake(IBuildEngine engine, string destination) =>
        engine is IBuildEngine4 build
        && build.UnregisterTaskObject(KeyOf(destination), RegisteredTaskObjectLifetime.Build) is StagedCopy copy
        && File.Exists(copy.Path)
            ? copy.Path
            : null;

    public string Path => path;

    public void Offer(IBuildEngine4 engine, string destination) =>
        engine.RegisterTaskObject(KeyOf(destination), this, RegisteredTaskObjectLifetime.Build, allowEarlyCollection: false);

    public void Dispose()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next placing sweeps it.
        }
    }

    private static string KeyOf(string destination) => "LoraMerge.Build places " + destination;
}
