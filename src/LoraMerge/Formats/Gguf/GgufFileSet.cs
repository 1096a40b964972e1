using System.Collections.Immutable;
using LoraMerge.Gguf.Container;
using LoraMerge.Planning;

namespace LoraMerge.Formats.Gguf;

/// <summary>A layout whose weight files are GGUF files.</summary>
internal abstract class GgufFileSet : ModelLayout
{
    /// <summary>The files, as <see cref="ModelLayout.Plan"/> has them.</summary>
    public abstract ImmutableArray<GgufFile> Files { get; }

    /// <summary>All keys but those of a split.</summary>
    public abstract GgufMetadata Metadata { get; }

    public override int TensorCount => Files.Sum(file => file.Layout.Tensors.Length);

    /// <summary>Makes the bytes of files.</summary>
    /// <param name="left">The plan, or what is left of it: some of its files, in their order.</param>
    /// <param name="threads">How many work at once.</param>
    public abstract GgufBytes BytesOf(MergePlan left, int threads);

    public override long ByteLengthOf(MergePlan left) => FilesOf(left).Sum(file => file.Layout.FileLength);

    public override IWeightSink OpenSink(MergePlan left, string folder, int? threads) =>
        new GgufSink(BytesOf(left, threads ?? Environment.ProcessorCount), folder);

    /// <summary>What stands beside the weights, by its name.</summary>
    public virtual IReadOnlyDictionary<string, byte[]> Beside => ImmutableDictionary<string, byte[]>.Empty;

    public override IEnumerable<string> FileNames => [.. Plan.FileNames, .. Beside.Keys];

    public override void WriteBeside(ModelFolder folder)
    {
        foreach ((string name, byte[] bytes) in Beside)
            folder.Write(name, bytes);
    }

    /// <summary>The files that are in what is left of a plan.</summary>
    protected IEnumerable<GgufFile> FilesOf(MergePlan left)
    {
        var names = left.Shards.Select(shard => shard.FileName).ToHashSet(StringComparer.Ordinal);
        return Files.Where(file => names.Contains(file.Name));
    }
}
