using System.Collections.Frozen;
using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>A base model on disk: its shards, its configuration and the files that go with it. Holds no tensor bytes.</summary>
internal sealed class Checkpoint
{
    private readonly FrozenDictionary<string, StoredTensor> _tensors;

    private Checkpoint(string path, InputRoot files, ImmutableArray<Shard> shards, string? indexFile, ModelConfig config)
    {
        Path = path;
        IsSingleFile = files.IsFile;
        Folder = IsSingleFile ? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))! : path;
        Files = files;
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

    /// <summary>The files that it consists of; no other is read.</summary>
    internal InputRoot Files { get; }

    /// <summary>Whether the base is one weight file without its folder.</summary>
    public bool IsSingleFile { get; }

    /// <summary>Its weight files; several in the order of their names.</summary>
    public ImmutableArray<Shard> Shards { get; }

    /// <summary>Path of the index that names the shards, or null for a single file.</summary>
    public string? IndexFile { get; }

    /// <summary>Whether the index names what the shards hold, and nothing else.</summary>
    internal bool IndexIsExact { get; private init; } = true;

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
        IsPickled && tensor.ByteLength > 0
            ? _tensors
                .Values.Where(other => other.Name != tensor.Name && TiedTensors.ShareBytes(other, tensor))
                .MinBy(other => other.Name, StringComparer.Ordinal)
            : null;

    /// <summary>Opens a model folder or a single weight file and validates every header.</summary>
    /// <exception cref="LoraMergeException">LORA1107, 1110, 1130, 2001 to 2018, 2035, 2036.</exception>
    public static Checkpoint Open(string path) => Open(path, InputListing.OfBase(path));

    /// <summary>The same, of files that are listed already.</summary>
    /// <param name="path">The folder or file, as the user wrote it.</param>
    /// <param name="files">What lies there.</param>
    internal static Checkpoint Open(string path, InputRoot files)
    {
        bool isSingleFile = files.IsFile;
        if (isSingleFile && !WeightFiles.AreIn(path))
            throw Errors.BaseFileIsNoWeightFile(path);
        InputFile? configFile = isSingleFile ? null : files.Find("config.json");
        ModelConfig config = configFile is null ? ModelConfig.None : ModelConfig.Read(System.IO.Path.Combine(path, configFile.RelativePath));
        Checkpoint checkpoint = isSingleFile
            ? new Checkpoint(path, files, [Shard.Read(path)], null, config)
            : ReadWeights(path, files, config);
        Quantization.ThrowIfQuantized(checkpoint);
        return checkpoint;
    }

    /// <summary>The same base with other tensors in its files.</summary>
    internal Checkpoint WithShards(ImmutableArray<Shard> shards) => new(Path, Files, shards, IndexFile, Config) { IndexIsExact = IndexIsExact };

    private static Checkpoint ReadWeights(string folder, InputRoot files, ModelConfig config)
    {
        WeightFiles weights = files.Weights;
        switch (weights.Form)
        {
            case WeightForm.File:
                return new Checkpoint(folder, files, [Shard.Read(System.IO.Path.Combine(folder, weights.Entry!))], null, config);
            case WeightForm.Index:
                CheckpointIndex index = CheckpointIndex.Read(System.IO.Path.Combine(folder, weights.Entry!));
                ImmutableArray<Shard> shards = ReadShards(folder, index, weights);
                bool isExact = index.Check(shards, isTied: config.TieWordEmbeddings != false);
                return new Checkpoint(folder, files, shards, index.File, config) { IndexIsExact = isExact };
            case WeightForm.Ambiguous:
                throw Errors.CheckpointIsAmbiguous(folder, weights.Names);
            default:
                throw File.Exists(System.IO.Path.Combine(folder, "adapter_config.json")) ? Errors.BaseIsAdapter(folder) : Errors.CheckpointHasNoWeights(folder);
        }
    }

    private static ImmutableArray<Shard> ReadShards(string folder, CheckpointIndex index, WeightFiles weights)
    {
        ImmutableArray<Shard>.Builder shards = ImmutableArray.CreateBuilder<Shard>();
        foreach (string name in index.ShardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (FileNames.Find(weights.Names, name) is not string listed || listed == weights.Entry)
                throw Unlisted(folder, index, name);
            shards.Add(Shard.Read(System.IO.Path.Combine(folder, listed)) with { FileName = name });
        }
        return shards.ToImmutable();
    }

    private static LoraMergeException Unlisted(string folder, CheckpointIndex index, string shard)
    {
        string tensor = index.ShardOf.First(pair => pair.Value == shard).Key;
        return File.Exists(System.IO.Path.Combine(folder, shard))
            ? Errors.ShardIsNoWeightFile(index.File, shard, tensor)
            : Errors.ShardMissing(index.File, shard, tensor);
    }
}
