using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Agreed.Entries;

/// <summary>What a manifest says, by its lines as they are written: the task has no reader of JSON.</summary>
internal static class ManifestLines
{
    /// <summary>The member of the manifest itself; others of that name lie deeper.</summary>
    private const string Start = " \"files\": {";

    private const string KeyStart = " \"key\": \"";

    /// <returns>Paths below the model's folder, with '/'; none where there is no manifest, or another hand has written it.</returns>
    public static IEnumerable<string> FilesOf(string manifest) =>
        (AtomicFile.TryReadLines(manifest) ?? [])
            .SkipWhile(line => line != Start).Skip(1)
            .TakeWhile(line => line.StartsWith("  \"", StringComparison.Ordinal))
            .Select(line => line.Substring(3, line.IndexOf('"', 3) - 3))
            .Where(name => name.IndexOf('\\') < 0 && RelativePath.IsBelow(name));

    /// <returns>The key of the model; null where there is no manifest, or it has none.</returns>
    public static string? KeyOf(string manifest) =>
        (AtomicFile.TryReadLines(manifest) ?? [])
            .Where(line => line.StartsWith(KeyStart, StringComparison.Ordinal))
            .Select(line => line.Substring(KeyStart.Length).Split('"')[0])
            .FirstOrDefault();
}
