namespace LoraMerge.Faults;

/// <summary>Folders of a trial: in memory where the system has such a place, since thousands of files are flushed to the disk.</summary>
internal static class WorkFolder
{
    private const string Memory = "/dev/shm";

    /// <summary>Makes a folder of a new name.</summary>
    public static DirectoryInfo Create(string name) => Directory.Exists(Memory)
        ? Directory.CreateDirectory(Path.Combine(Memory, $"lora-faults-{name}-{Path.GetRandomFileName()}"))
        : Directory.CreateTempSubdirectory($"lora-faults-{name}-");
}
