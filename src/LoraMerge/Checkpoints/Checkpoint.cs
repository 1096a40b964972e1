using System.Collections.Frozen;
using System.Collections.Immutable;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Checkpoints.Gguf;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>A base model on disk: its shards, its configuration and the files that go with it. Holds no tensor bytes.</summary>
internal sealed class Checkpoint
{
    private readonly FrozenDictionary<string, TensorSource> _tensors;
    private readonly ImmutableArray<ImmutableArray<TensorSource>> _tensorsByShard;

    private Checkpoint(string path, InputRoot files, ImmutableArray<Shard> shards, string? indexFile, ModelConfig config)
    {
        Path = path;
        IsSingleFile = files.IsFile && !IsGguf(files);
        Folder = files.IsFile ? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))! : path;
        Files = files;
        Shards = [.. shards.Select(shard => shard.IsPickle ? TiedTensors.WithoutTiedHead(shard, config) : shard)];
        IndexFile = indexFile;
        Config = config;
        _tensorsByShard = [.. Shards.Select(shard => ImmutableArray<TensorSource>.CastUp(shard.Tensors))];
        _tensors = ByName(_tensorsByShard);
    }

    private Checkpoint(Checkpoint other, ImmutableArray<ImmutableArray<TensorSource>> tensorsByShard)
    {
        (Path, IsSingleFile, Folder, Files, Shards) = (other.Path, other.IsSingleFile, other.Folder, other.Files, other.Shards);
        (IndexFile, IndexIsExact, Config, Form, Notes) = (other.IndexFile, other.IndexIsExact, other.Config, other.Form, other.Notes);
        _tensorsByShard = tensorsByShard;
        _tensors = ByName(tensorsByShard);
    }

    /// <summary>The folder or the single weight file, as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>Name of the repository that it was fetched from, of the folder, or of the file without its extension.</summary>
    public string Name => Files.Fetched is { } fetched ? fetched.Name : ModelOptions.NameOf(System.IO.Path.GetFullPath(Path), Files.IsFile);

    /// <summary>The folder that holds the weights.</summary>
    public string Folder { get; }

    /// <summary>The files that it consists of; no other is read. What a GGUF file says beside its weights is among them.</summary>
    internal InputRoot Files { get; }

    /// <summary>Whether the base is one weight file without its folder, so that nothing but weights is known of it.</summary>
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

    /// <summary>What its weights are stored as, where that is not what they are; null for plain numbers.</summary>
    internal StoredForm? Form { get; private init; }

    /// <summary>All tensors, shard by shard, by the names that a plain model has.</summary>
    internal IEnumerable<TensorSource> Tensors => _tensorsByShard.SelectMany(tensors => tensors);

    /// <summary>What the user should know of how it was read.</summary>
    internal ImmutableArray<MergeEvent.Warning> Notes { get; private init; } = [];

    /// <summary>Names of all tensors.</summary>
    public IEnumerable<string> TensorNames => _tensors.Keys;

    /// <summary>Finds a tensor by its name.</summary>
    public bool TryFind(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TensorSource? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>Another tensor with the same bytes in the same file; safetensors files have none.</summary>
    internal TensorSource? FindShared(TensorSource tensor) =>
        IsPickled && tensor is StoredTensor { ByteLength: > 0 } stored
            ? _tensors
                .Values.OfType<StoredTensor>().Where(other => other.Name != tensor.Name && TiedTensors.ShareBytes(other, stored))
                .MinBy(other => other.Name, StringComparer.Ordinal)
            : null;

    /// <summary>The tensors that a plain model has of a weight file, in the order of their bytes.</summary>
    /// <param name="shard">Number of the file.</param>
    internal ImmutableArray<TensorSource> TensorsOf(int shard) => _tensorsByShard[shard];

    /// <summary>Opens a model folder or a single weight file as it is stored, and validates every header.</summary>
    /// <param name="path">The folder or file, as the user wrote it.</param>
    /// <param name="files">What lies there.</param>
    /// <param name="mayKeepNames">Whether tensors of a GGUF file that is no model of a known family may keep their names; then there is no config.json.</param>
    /// <exception cref="LoraMergeException">LORA1107, 1110, 1130, 2001 to 2018, 2035, 2036, 2060, 2061, 2140.</exception>
    internal static Checkpoint OpenStored(string path, InputRoot files, bool mayKeepNames = false)
    {
        if (IsGguf(files))
            return OpenGguf(path, files, mayKeepNames);
        bool isSingleFile = files.IsFile;
        if (isSingleFile && !WeightFiles.AreIn(path))
            throw Errors.BaseFileIsNoWeightFile(path);
        InputFile? configFile = isSingleFile ? null : files.Find("config.json");
        ModelConfig config = configFile is null ? ModelConfig.None : ModelConfig.Read(System.IO.Path.Combine(path, configFile.RelativePath));
        return isSingleFile
            ? new Checkpoint(path, files, [Shard.Read(path)], null, config)
            : ReadWeights(path, files, config);
    }

    /// <summary>The same base with other tensors made of its files.</summary>
    /// <param name="tensorsByShard">For each weight file.</param>
    internal Checkpoint With(ImmutableArray<ImmutableArray<TensorSource>> tensorsByShard) => new(this, tensorsByShard);

    /// <param name="tensorsByShard"><inheritdoc cref="With(ImmutableArray{ImmutableArray{TensorSource}})"/></param>
    /// <param name="form">What the weights are stored as.</param>
    internal Checkpoint With(ImmutableArray<ImmutableArray<TensorSource>> tensorsByShard, StoredForm form) => new(this, tensorsByShard) { Form = form };

    private static FrozenDictionary<string, TensorSource> ByName(ImmutableArray<ImmutableArray<TensorSource>> tensorsByShard)
    {
        var tensors = new Dictionary<string, TensorSource>(StringComparer.Ordinal);
        foreach (TensorSource tensor in tensorsByShard.SelectMany(tensors => tensors))
        {
            if (!tensors.TryAdd(tensor.Name, tensor))
                throw Errors.DuplicateTensor(tensor.Name, tensors[tensor.Name].Parts[0].File, tensor.Parts[0].File);
        }
        return tensors.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static bool IsGguf(InputRoot files) => files.Weights.Form == WeightForm.Gguf;

    private static Checkpoint OpenGguf(string path, InputRoot files, bool mayKeepNames)
    {
        string file = files.IsFile ? path : System.IO.Path.Combine(path, files.Weights.Entry!);
        GgufWeights weights = GgufWeights.Open(file, mayKeepNames);
        ModelConfig config = weights.Files.TryGetValue("config.json", out byte[]? made) ? ModelConfig.Made(made, file) : ModelConfig.None;
        return new Checkpoint(path, GgufSideFiles.AddTo(files, weights.Files, file), weights.Shards, null, config)
        {
            Form = weights.Form,
            Notes = GgufSideFiles.HasVocabulary(files) ? weights.Notes.RemoveAll(note => note.Code == DiagnosticCode.GgufTokenizerLeftOut) : weights.Notes,
        };
    }

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
