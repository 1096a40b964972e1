using System.Collections.Frozen;
using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>A base model on disk: its shards, its configuration and the files that go with it. Holds no tensor bytes.</summary>
public sealed class Checkpoint
{
    private const string SingleFile = "model.safetensors";
    private const string IndexSuffix = ".safetensors.index.json";
    private const string SinglePickle = "pytorch_model.bin";
    private const string PickleIndex = "pytorch_model.bin.index.json";

    private readonly FrozenDictionary<string, StoredTensor> _tensors;

    private Checkpoint(string path, string folder, ImmutableArray<Shard> shards, string? indexFile, ModelConfig config)
    {
        Path = path;
        Folder = folder;
        Shards = [.. shards.Select(shard => shard.IsPickle ? TiedTensors.WithoutTiedHead(shard, config) : shard)];
        IndexFile = indexFile;
        Config = config;
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (StoredTensor tensor in Shards.SelectMany(shard => shard.Tensors))
        {
            if (!tensors.TryAdd(tensor.Name, tensor))
                throw Errors.DuplicateTensor(tensor.Name, tensors[tensor.Name].File, tensor.File);
        }
        _tensors = tensors.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The folder or the single weight file, as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>Name of the folder, or of the file without its extension.</summary>
    public string Name => IsSingleFile ? System.IO.Path.GetFileNameWithoutExtension(Path) : new DirectoryInfo(Path).Name;

    /// <summary>The folder that holds the weights.</summary>
    public string Folder { get; }

    /// <summary>Whether the base is one weight file without its folder.</summary>
    public bool IsSingleFile => !string.Equals(Path, Folder, StringComparison.Ordinal);

    /// <summary>Its weight files; several in the order of their names.</summary>
    public ImmutableArray<Shard> Shards { get; }

    /// <summary>Path of the index that names the shards, or null for a single file.</summary>
    public string? IndexFile { get; }

    /// <summary>Whether its weights are files of <c>torch.save</c>.</summary>
    public bool IsPickled => Shards[0].IsPickle;

    /// <summary>Its config.json.</summary>
    public ModelConfig Config { get; }

    /// <summary>Names of all tensors.</summary>
    public IEnumerable<string> TensorNames => _tensors.Keys;

    /// <summary>Finds a tensor by its name in the files.</summary>
    public bool TryFind(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StoredTensor? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>Another tensor with the same bytes in the same file; safetensors files have none.</summary>
    internal StoredTensor? FindShared(StoredTensor tensor) =>
        IsPickled && tensor.ByteLength > 0 ? _tensors.Values.Where(other => other.Name != tensor.Name && TiedTensors.ShareBytes(other, tensor)).MinBy(other => other.Name, StringComparer.Ordinal) : null;

    /// <summary>Opens a model folder or a single weight file and validates every header.</summary>
    /// <exception cref="LoraMergeException">LORA1107, 2001 to 2018.</exception>
    public static Checkpoint Open(string path)
    {
        if (File.Exists(path))
            return OpenFile(path);
        if (!Directory.Exists(path))
            throw Errors.PathNotFound("base model", path);
        string configFile = System.IO.Path.Combine(path, "config.json");
        ModelConfig config = File.Exists(configFile) ? ModelConfig.Read(configFile) : ModelConfig.None;
        (ImmutableArray<Shard> shards, string? index) = FindShardsIn(path);
        var checkpoint = new Checkpoint(path, path, shards, index, config);
        Quantization.ThrowIfQuantized(checkpoint);
        return checkpoint;
    }

    /// <summary>The same base with other tensors in its files.</summary>
    internal Checkpoint WithShards(ImmutableArray<Shard> shards) => new(Path, Folder, shards, IndexFile, Config);

    private static Checkpoint OpenFile(string file)
    {
        var checkpoint = new Checkpoint(file, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!, [Shard.Read(file)], null, ModelConfig.None);
        Quantization.ThrowIfQuantized(checkpoint);
        return checkpoint;
    }

    private static (ImmutableArray<Shard> Shards, string? IndexFile) FindShardsIn(string folder)
    {
        try
        {
            return FindShards(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(folder, e);
        }
    }

    /// <summary>As transformers does: safetensors win over pickles, and one file over an index.</summary>
    private static (ImmutableArray<Shard> Shards, string? IndexFile) FindShards(string folder)
    {
        string single = System.IO.Path.Combine(folder, SingleFile);
        if (File.Exists(single))
            return ([Shard.Read(single)], null);
        string[] indexes = [.. Directory.EnumerateFiles(folder, "*" + IndexSuffix).Order(StringComparer.Ordinal)];
        if (indexes.Length > 0)
        {
            string index = indexes.FirstOrDefault(f => System.IO.Path.GetFileName(f) == "model" + IndexSuffix)
                ?? (indexes.Length == 1 ? indexes[0] : throw Errors.CheckpointIsAmbiguous(folder, indexes));
            return (ReadShards(folder, CheckpointIndex.Read(index)), index);
        }
        string[] weights = [.. Directory.EnumerateFiles(folder, "*.safetensors")
            .Where(f => System.IO.Path.GetFileName(f) is var name && !name.StartsWith("adapter", StringComparison.Ordinal) && !name.StartsWith("consolidated", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        if (weights.Length == 1)
            return ([Shard.Read(weights[0])], null);
        if (weights.Length > 1)
            throw Errors.CheckpointIsAmbiguous(folder, weights);
        string pickle = System.IO.Path.Combine(folder, SinglePickle);
        if (File.Exists(pickle))
            return ([Shard.Read(pickle)], null);
        string pickleIndex = System.IO.Path.Combine(folder, PickleIndex);
        if (File.Exists(pickleIndex))
            return (ReadShards(folder, CheckpointIndex.Read(pickleIndex)), pickleIndex);
        if (File.Exists(System.IO.Path.Combine(folder, "adapter_config.json")))
            throw Errors.BaseIsAdapter(folder);
        throw Errors.CheckpointHasNoWeights(folder);
    }

    private static ImmutableArray<Shard> ReadShards(string folder, CheckpointIndex index)
    {
        ImmutableArray<Shard>.Builder shards = ImmutableArray.CreateBuilder<Shard>();
        foreach (string name in index.ShardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string file = System.IO.Path.Combine(folder, name);
            if (!File.Exists(file))
                throw Errors.ShardMissing(index.File, name, index.ShardOf.First(pair => pair.Value == name).Key);
            shards.Add(Shard.Read(file));
        }
        ThrowIfIndexDisagrees(index, shards);
        return shards.ToImmutable();
    }

    private static void ThrowIfIndexDisagrees(CheckpointIndex index, IEnumerable<Shard> shards)
    {
        int found = 0;
        foreach (Shard shard in shards)
        {
            foreach (StoredTensor tensor in shard.Tensors)
            {
                if (!index.ShardOf.TryGetValue(tensor.Name, out string? named))
                    throw Errors.IndexDisagreesWithShard(index.File, tensor.Name, shard.FileName, "which the index does not name");
                if (named != shard.FileName)
                    throw Errors.IndexDisagreesWithShard(index.File, tensor.Name, shard.FileName, $"where the index says '{named}'");
                found++;
            }
        }
        if (found == index.ShardOf.Count)
            return;
        var present = shards.SelectMany(shard => shard.Tensors).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        (string missing, string shardName) = index.ShardOf.First(pair => !present.Contains(pair.Key));
        throw Errors.IndexDisagreesWithShard(index.File, missing, shardName, "which does not hold it");
    }
}
