using LoraMerge.Agreed.Fingerprints;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>The folder or the weight file that an item names.</summary>
/// <param name="Path">Its absolute path, without a slash at its end.</param>
/// <param name="Name">The folder's name, or that of the file without its extension.</param>
/// <param name="Fault">What is wrong with it; null where nothing is.</param>
internal sealed record NamedInput(string Path, string Name, BuildFault? Fault)
{
    private static readonly string[] s_weightFiles = [".safetensors", ".bin", ".pt", ".pth", ".gguf"];

    /// <summary>What can be told of the name alone: the worker looks into folder and file.</summary>
    /// <param name="item">A LoraBaseModel or a LoraAdapter.</param>
    /// <param name="missing">What is said of a path that is not there.</param>
    public static NamedInput Of(ITaskItem item, Func<string, BuildFault> missing)
    {
        string path = item.GetMetadata("FullPath").TrimEnd('/', '\\');
        try
        {
            bool isFile = Presence.OfFile(path);
            BuildFault? fault = item.ItemSpec.StartsWith("hf://", StringComparison.OrdinalIgnoreCase) ? BuildErrors.NoDownload(item.ItemSpec)
                : !isFile ? Presence.OfFolder(path) ? null : missing(path)
                : IsWeightFile(path) ? null
                : BuildErrors.NotAModel(path);
            // A file that is still to come has the name that it will have.
            bool isNamedAsFile = isFile || (fault is not null && IsWeightFile(path));
            return new NamedInput(path, ModelOptions.NameOf(path, isNamedAsFile), fault);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return new NamedInput(path, ModelOptions.NameOf(path, isFile: false), BuildErrors.Unreadable(path, FileFault.Reason(fault)));
        }
    }

    private static bool IsWeightFile(string path) => s_weightFiles.Contains(System.IO.Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
}
