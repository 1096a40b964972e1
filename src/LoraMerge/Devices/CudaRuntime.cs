namespace LoraMerge.Devices;

/// <summary>Where <c>lora-merge runtime add cuda</c> puts libtorch with CUDA: a folder of the user, shared by all projects.</summary>
internal static class CudaRuntime
{
    private const string Marker = "libtorch-cuda.complete";

    /// <summary>The folder to install into.</summary>
    public static string InstallFolder { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "LoraMerge.Build", "cuda");

    /// <summary>The folder of an installation that was completed, or null.</summary>
    public static string? Folder => File.Exists(Path.Combine(InstallFolder, Marker)) ? InstallFolder : null;

    /// <summary>Whether the system has NVIDIA's driver, without which the runtime would be of no use.</summary>
    public static bool HasDriver =>
        File.Exists(OperatingSystem.IsWindows() ? Path.Combine(Environment.SystemDirectory, "nvcuda.dll") : "/proc/driver/nvidia/version");

    /// <summary>Marks an installation as complete, as its last step.</summary>
    public static void MarkComplete() => File.WriteAllText(Path.Combine(InstallFolder, Marker), "");
}
