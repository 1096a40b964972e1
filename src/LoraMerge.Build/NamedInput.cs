using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>The folder or the weight file that an item names.</summary>
internal static class NamedInput
{
    private static readonly string[] s_weightFiles = [".safetensors", ".bin", ".pt", ".pth"];

    /// <returns>The item's absolute path, without a slash at its end.</returns>
    public static string PathOf(ITaskItem item) => item.GetMetadata("FullPath").TrimEnd('/', '\\');

    /// <summary>What can be told of the name alone: the worker looks into folder and file.</summary>
    /// <param name="item">A LoraBaseModel or a LoraAdapter.</param>
    /// <param name="missing">What is said of a path that is not there.</param>
    /// <returns>Null where nothing is wrong.</returns>
    public static BuildFault? FindFault(ITaskItem item, Func<string, BuildFault> missing)
    {
        string path = PathOf(item);
        return item.ItemSpec.StartsWith("hf://", StringComparison.OrdinalIgnoreCase) ? BuildErrors.NoDownload(item.ItemSpec)
            : Directory.Exists(path) ? null
            : !File.Exists(path) ? missing(path)
            : s_weightFiles.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) ? null
            : BuildErrors.NotAModel(path);
    }
}
