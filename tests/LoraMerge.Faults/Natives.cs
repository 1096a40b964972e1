namespace LoraMerge.Faults;

/// <summary>Where this repository's build has put libtorch.</summary>
internal static class Natives
{
    public static string Folder { get; } = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "lora-merge.natives")).Trim();
}
