using LoraMerge.Agreed.Fingerprints;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>One merged model that the project asks for.</summary>
/// <param name="BaseItem">Its LoraBaseModel.</param>
/// <param name="BasePath">Absolute path of a folder or a weight file.</param>
/// <param name="AdapterItems">In the order in which they are applied; as many as <see cref="ModelOptions.Adapters"/>.</param>
/// <param name="AdapterPaths">Absolute paths, in the same order.</param>
/// <param name="TargetPath">Below the output folder, with '/'.</param>
/// <param name="Options">What else decides the result.</param>
internal sealed record ModelRequest(
    ITaskItem BaseItem, string BasePath, IReadOnlyList<ITaskItem> AdapterItems, IReadOnlyList<string> AdapterPaths, string TargetPath, ModelOptions Options)
{
    public string Name => Options.Name;
}
