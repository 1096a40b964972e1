using System.Collections.Immutable;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>All that a merge will do: data that can be printed, and that nothing but the input files' bytes adds to.</summary>
/// <param name="Shards">The weight files to write.</param>
/// <param name="HasIndex">Whether an index names the shards.</param>
/// <param name="IndexSource">The base's index where it holds unchanged for the result; else null and a new one is written.</param>
/// <param name="SideFiles">The files that go beside the weights.</param>
/// <param name="ConfigChanges">Values of config.json that change; empty to copy it byte for byte.</param>
/// <param name="NameRules">For each adapter, the rule that took its module names to the base's.</param>
/// <param name="Notes">What the user should know.</param>
internal sealed record MergePlan(
    ImmutableArray<PlannedShard> Shards,
    bool HasIndex,
    string? IndexSource,
    ImmutableArray<SideFile> SideFiles,
    ImmutableArray<ConfigChange> ConfigChanges,
    ImmutableArray<string> NameRules,
    ImmutableArray<MergeEvent> Notes)
{
    /// <summary>How the adapters become one change.</summary>
    public Combination Combination { get; init; } = Combination.Sequential;

    /// <summary>The index's name; null for a single weight file.</summary>
    internal string? IndexName => !HasIndex ? null : IndexSource is null ? "model.safetensors.index.json" : Path.GetFileName(IndexSource);

    /// <summary>All tensors, shard by shard.</summary>
    public IEnumerable<PlannedTensor> Tensors => Shards.SelectMany(shard => shard.Tensors);

    /// <summary>Relative paths of all files that will be written, with '/'; the manifest is none of them.</summary>
    public IEnumerable<string> FileNames =>
        [.. Shards.Select(shard => shard.FileName), .. SideFiles.Select(file => file.RelativePath), .. IndexName is string index ? [index] : (string[])[]];

    /// <summary>Bytes of all tensors of the result.</summary>
    public long ByteLength => Tensors.Sum(tensor => tensor.ByteLength);

    /// <summary>What a file becomes, such as config.json; null for one that is copied byte for byte.</summary>
    internal byte[]? ChangedBytes(SideFile file, ModelConfig config) =>
        file.RelativePath == "config.json" && !ConfigChanges.IsEmpty ? config.With(ConfigChanges) : file.Content;
}

/// <summary>One weight file of the merged model.</summary>
/// <param name="FileName">Its name.</param>
/// <param name="Tensors">Its tensors, in the order of their bytes.</param>
/// <param name="Metadata">The header's <c>__metadata__</c>.</param>
internal sealed record PlannedShard(string FileName, ImmutableArray<PlannedTensor> Tensors, ImmutableDictionary<string, string> Metadata)
{
    /// <summary>The file's layout.</summary>
    /// <exception cref="LoraMergeException">LORA5032: the format has no room for what a pickle may hold.</exception>
    public ShardLayout Layout()
    {
        try
        {
            return ShardLayout.Create(Tensors.Select(tensor => (tensor.Name, tensor.DType, tensor.Shape)), Metadata);
        }
        catch (ArgumentException e)
        {
            throw Errors.ShardImpossible(FileName, e);
        }
    }
}
