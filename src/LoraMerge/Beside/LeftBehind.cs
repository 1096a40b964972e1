using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Says what lies beside the base and the adapters and is not in the merged model.</summary>
internal static class LeftBehind
{
    private const string AdapterConfigName = "adapter_config.json";

    public static IEnumerable<MergeEvent> Of(Checkpoint checkpoint, ImmutableArray<Adapter> adapters)
    {
        string[] others = [.. OutsideIndex(checkpoint)];
        HashSet<string> told = [.. others, .. checkpoint.Shards.Select(shard => shard.FileName)];
        if (checkpoint.Files.LeftOut.Contains(AdapterConfigName))
        {
            told.UnionWith(checkpoint.Files.LeftOut.Where(name => name.StartsWith("adapter_", StringComparison.Ordinal)));
            if (!adapters.Any(adapter => IsIn(checkpoint.Folder, adapter)))
                yield return Notes.BaseHasOwnAdapter(checkpoint.Path);
        }
        foreach (string file in others)
        {
            if (FirstUnknown(checkpoint, file) is (true, var tensor))
                yield return Notes.WeightsOutsideIndex(file, tensor, checkpoint.IndexFile!);
        }
        string[] leftOut = [.. checkpoint.Files.LeftOut.Where(name => !told.Contains(name))];
        if (leftOut.Length > 0)
            yield return Notes.FilesLeftOut(leftOut);
        foreach (Adapter adapter in adapters.Where(adapter => adapter.Files.LeftOut.Count > 0 && !IsIn(checkpoint.Folder, adapter)))
            yield return Notes.WeightsOfModelLeftOut(adapter.Files.LeftOut, adapter.Path);
        foreach (Adapter adapter in adapters)
        {
            if (SecondForm(adapter) is { Length: > 0 } second)
                yield return Notes.AdapterInTwoForms(adapter.Weights[0].FileName, second, adapter.Path);
        }
    }

    /// <summary>Files of an adapter in several that lie beside the one that is read.</summary>
    private static string[] SecondForm(Adapter adapter) =>
    [
        .. adapter
            .Files.Files.Select(file => file.RelativePath)
            .Where(name => AdapterWeights.IsShard(name) && adapter.Weights.All(read => !read.FileName.Equals(name, FileNames.Comparison)))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Files of the index's own form that it does not name. Loaders pass over them, whatever they hold.</summary>
    private static IEnumerable<string> OutsideIndex(Checkpoint checkpoint)
    {
        if (checkpoint.IndexFile is null)
            return [];
        string form = checkpoint.IsPickled ? ".bin" : ".safetensors";
        return checkpoint.Files.Weights.Names
            .Where(name => Path.GetExtension(name) == form && checkpoint.Shards.All(shard => !shard.FileName.Equals(name, FileNames.Comparison)))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>A tensor that the model does not have; a file with none is only a second copy. What cannot be read holds what nobody knows.</summary>
    private static (bool IsUnknown, string? Tensor) FirstUnknown(Checkpoint checkpoint, string file)
    {
        try
        {
            string? tensor = Shard.Read(Path.Combine(checkpoint.Folder, file)).Tensors.FirstOrDefault(tensor => !checkpoint.TryFind(tensor.Name, out _))?.Name;
            return (tensor is not null, tensor);
        }
        catch (LoraMergeException)
        {
            return (true, null);
        }
    }

    private static bool IsIn(string folder, Adapter adapter) =>
        RealPath.Of(folder) == RealPath.Of(File.Exists(adapter.Path) ? Path.GetDirectoryName(Path.GetFullPath(adapter.Path))! : adapter.Path);
}
