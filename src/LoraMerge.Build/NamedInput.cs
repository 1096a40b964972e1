using LoraMerge.Agreed.Fingerprints;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>The folder or the weight file that an item names.</summary>
/// <param name="Path">Its absolute path, without a slash at its end.</param>
/// <param name="Name">The folder's name, or that of the file without its extension.</param>
/// <param name="Fault">What is wrong with it; null where nothing is.</param>
/// <param name="Fetched">What is known of it from the hub; null for one that the user laid there.</param>
internal sealed record NamedInput(string Path, string Name, BuildFault? Fault, FetchedInput? Fetched = null)
{
    private static readonly string[] s_weightFiles = [".safetensors", ".bin", ".pt", ".pth", ".gguf"];

    /// <summary>What can be told of the name alone: the worker looks into folder and file.</summary>
    /// <param name="item">A LoraBaseModel or a LoraAdapter.</param>
    /// <param name="missing">What is said of a path that is not there, and of how it is written.</param>
    /// <param name="fetched">What was fetched for the project; null where nothing was.</param>
    /// <param name="role">As what: one of <see cref="InputRole"/>.</param>
    public static NamedInput Of(ITaskItem item, Func<string, string, BuildFault> missing, FetchedFile? fetched, string role)
    {
        // FullPath would make a folder below the project of an address.
        if (AddressScheme.Begins(item.ItemSpec))
            return fetched?.Find(role, item.ItemSpec) is { } found
                ? new NamedInput(found.Folder, found.Fetched.Name, null, found.Fetched)
                : new NamedInput(item.ItemSpec, NameOfAddress(item.ItemSpec, role), BuildErrors.NotFetched(item.ItemSpec));
        string path = item.GetMetadata("FullPath").TrimEnd('/', '\\');
        try
        {
            bool isFile = Presence.OfFile(path);
            BuildFault? fault = !isFile ? Presence.OfFolder(path) ? null : missing(path, item.ItemSpec)
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

    /// <summary>The name that it will have when it is fetched: of a base the repository's, of an adapter in a folder the folder's.</summary>
    private static string NameOfAddress(string address, string role)
    {
        string[] path = [.. AddressParts.Of(address).Path.Where(part => part.Length > 0)];
        return role == InputRole.Base && path.Length > 1 ? path[1] : path.LastOrDefault() ?? "";
    }
}
