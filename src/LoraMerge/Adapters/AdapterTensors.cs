using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Adapters;

/// <summary>Sorts the tensors of an adapter file by what they are for, so that each is used exactly once or named in an error.</summary>
internal sealed class AdapterTensors
{
    /// <summary>What a wrapper leaves in a path: of a parameter at the end, of an attention before its projection.</summary>
    private const string WrapperPart = ".base_layer";

    private readonly string _path;
    private LoraConfig _config;
    private readonly Dictionary<(string Module, AdapterLeaf Leaf, string Parameter), StoredTensor> _tensors = [];
    private readonly List<string> _ignored = [];

    private AdapterTensors(string path, LoraConfig config)
    {
        _path = path;
        _config = config;
    }

    /// <exception cref="LoraMergeException">LORA3002, 3004, 3007 to 3010, 3012, 3018.</exception>
    public static Adapter Sort(string path, LoraConfig config, Shard weights)
    {
        if (weights.Tensors.IsEmpty)
            throw Errors.AdapterIsEmpty(weights.File);
        var sorter = new AdapterTensors(path, config);
        string? adapterName = null;
        foreach (StoredTensor tensor in weights.Tensors)
            adapterName ??= AdapterKey.Parse(tensor.Name)?.AdapterName;
        foreach (StoredTensor tensor in weights.Tensors)
            sorter.Add(tensor, adapterName);
        sorter.TakeSavedCopies();
        var notes = new List<MergeEvent>();
        sorter._config = PatternChoice.Choose(config, [.. sorter.Ranks()], path, notes);
        ILookup<bool, string> paths = sorter.AdaptedPaths().ToLookup(sorter.IsParameterPath);
        return new Adapter(path, sorter._config, weights, [.. paths[false].Select(sorter.Module)], sorter.Parameters(), sorter.Rows())
        {
            ModuleParameters = [.. paths[true].Select(sorter.ModuleParameter)],
            Ignored = [.. sorter._ignored],
            Notes = [.. notes],
        };
    }

    /// <summary>The rank of each module as its A tells it. Pairs of parameters do not: how many experts share their A, the base tells.</summary>
    private IEnumerable<(string Module, int Rank)> Ranks() => _tensors
        .Where(pair => pair.Key.Leaf is AdapterLeaf.LoraA or AdapterLeaf.LoraEmbeddingA && !pair.Value.Shape.IsEmpty && !IsParameterPath(pair.Key.Module))
        .Select(pair => (NameOf(pair.Key.Module), RankOf(pair.Key.Module, pair.Value))).OrderBy(pair => pair.Item1, StringComparer.Ordinal);

    /// <summary>Rows of A; each of the fused projections of PEFT 0.2 has r of its own.</summary>
    private int RankOf(string path, StoredTensor a) => (int)Math.Min(a.Shape[0] / (HasFusedProjections(path) ? _config.EnabledProjections.Count(enabled => enabled) : 1), int.MaxValue);

    /// <summary>PEFT 0.2 made the B of fused projections a convolution, <c>[out, r, 1]</c>, beside a matrix A.</summary>
    private bool HasFusedProjections(string path) =>
        _config.EnabledProjections.Contains(true) && Find(path, AdapterLeaf.LoraB, "weight") is { Shape: [_, _, 1] } && Find(path, AdapterLeaf.LoraA, "weight") is { Shape.Length: 2 };

    private static string NameOf(string path) => path.Replace(WrapperPart + ".", ".", StringComparison.Ordinal);

    private void Add(StoredTensor tensor, string? adapterName)
    {
        AdapterKey key = AdapterKey.Parse(tensor.Name, adapterName) ?? throw NotUnderstood(tensor);
        if (key.AdapterName is not null && key.AdapterName != adapterName)
            throw Errors.AdapterNamesDisagree(tensor.File, adapterName!, key.AdapterName, tensor.Name);
        if (key.Leaf == AdapterLeaf.Unused)
        {
            _ignored.Add(tensor.Name);
            return;
        }
        if (tensor.DType is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64))
            throw Errors.AdapterDTypeInvalid(tensor);
        (string, AdapterLeaf, string) place = (key.Module, key.Leaf, key.Parameter);
        if (!_tensors.TryAdd(place, tensor))
            throw Errors.AdapterTensorTwice(_tensors[place], tensor);
    }

    private static LoraMergeException NotUnderstood(StoredTensor tensor) =>
        ForeignWeights.Library(tensor.Name) is string library ? Errors.AdapterOfOtherLibrary(tensor.File, library) : Errors.AdapterTensorUnknown(tensor);

    /// <summary>Raw dumps hold a saved module under its own name and below <c>modules_to_save</c>: the same values, used once.</summary>
    private void TakeSavedCopies()
    {
        foreach (((string module, AdapterLeaf leaf, string parameter) key, StoredTensor copy) in _tensors.Where(pair => pair.Key.Leaf == AdapterLeaf.SavedCopy).ToArray())
        {
            _tensors.Remove((key.module, key.leaf, key.parameter));
            if (!_tensors.TryAdd((key.module, AdapterLeaf.Parameter, key.parameter), copy))
                _ignored.Add(copy.Name);
        }
    }

    private IEnumerable<string> AdaptedPaths() => _tensors.Keys
        .Where(key => key.Leaf is AdapterLeaf.LoraA or AdapterLeaf.LoraB or AdapterLeaf.LoraBBias or AdapterLeaf.LoraEmbeddingA or AdapterLeaf.LoraEmbeddingB or AdapterLeaf.Magnitude or AdapterLeaf.Diagonal)
        .Select(key => key.Module).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private AdapterModule Module(string path)
    {
        bool isEmbedding = Find(path, AdapterLeaf.LoraEmbeddingA, "weight") is not null || Find(path, AdapterLeaf.LoraEmbeddingB, "weight") is not null;
        string name = NameOf(path);
        (StoredTensor a, StoredTensor b) = Pair(path, isEmbedding);
        int aBlocks = _config.BlockDiagonal?.BlocksOfA(name) ?? 1;
        int bBlocks = _config.BlockDiagonal?.BlocksOfB(name) ?? 1;
        if (a.Shape.Length < 2 || b.Shape.Length < 2 || RankOf(path, a) != b.Shape[1] * bBlocks)
            throw Errors.PairDoesNotFit(name, a, b);
        if (a.Shape[0] % aBlocks != 0 || b.Shape[0] % bBlocks != 0)
            throw Errors.BlocksDoNotFit(name, a, aBlocks, b, bBlocks);
        int rank = RankOf(path, a);
        if (!_config.AlphasOf(name, rank).Any())
            throw Errors.RankMismatch(name, a, _config.RankOf(name));
        bool isFused = HasFusedProjections(path);
        return new AdapterModule(name, a, isFused ? b with { Shape = b.Shape[..2] } : b, Find(path, AdapterLeaf.LoraBBias, "bias"), _config.ScalingOf(name, rank))
        {
            IsEmbedding = isEmbedding,
            Magnitude = _config.UsesDora ? Needed(path, AdapterLeaf.Magnitude, "lora_magnitude_vector", a) : Unexpected(path, AdapterLeaf.Magnitude),
            Diagonal = _config.UsesKasa ? Diagonal(path, name, rank, a) : Unexpected(path, AdapterLeaf.Diagonal),
            EnabledProjections = isFused ? _config.EnabledProjections : [],
            ABlocks = aBlocks,
            BBlocks = bBlocks,
            IsAttentionOutput = path.EndsWith(WrapperPart + ".out_proj", StringComparison.Ordinal),
        };
    }

    /// <summary>Whether a pair belongs to a parameter: <c>target_parameters</c> names its module, or it is one wrapper further in, or has one further in.</summary>
    private bool IsParameterPath(string path)
    {
        string module = WithoutWrappers(path);
        return path != module || Find(path + WrapperPart, AdapterLeaf.LoraA, "weight") is not null || _config.TargetParameters.Any(target => target.LastIndexOf('.') is var dot && dot < 0
            ? module.EndsWith("experts", StringComparison.Ordinal)
            : module == target[..dot] || module.EndsWith("." + target[..dot], StringComparison.Ordinal));
    }

    private AdapterParameter ModuleParameter(string path)
    {
        string module = WithoutWrappers(path);
        (StoredTensor a, StoredTensor b) = Pair(path, isEmbedding: false);
        Unexpected(path, AdapterLeaf.Magnitude);
        Unexpected(path, AdapterLeaf.Diagonal);
        Unexpected(path, AdapterLeaf.LoraBBias, "bias");
        if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[0] != b.Shape[1])
            throw Errors.PairDoesNotFit(module, a, b);
        return new AdapterParameter(module, (path.Length - module.Length) / WrapperPart.Length, a, b);
    }

    private (StoredTensor A, StoredTensor B) Pair(string path, bool isEmbedding)
    {
        (AdapterLeaf leafA, AdapterLeaf leafB) = isEmbedding ? (AdapterLeaf.LoraEmbeddingA, AdapterLeaf.LoraEmbeddingB) : (AdapterLeaf.LoraA, AdapterLeaf.LoraB);
        StoredTensor? a = Find(path, leafA, "weight");
        StoredTensor? b = Find(path, leafB, "weight");
        if (a is not null && b is not null)
            return (a, b);
        string prefix = isEmbedding ? "lora_embedding_" : "lora_";
        StoredTensor other = a ?? b ?? _tensors.First(pair => pair.Key.Module == path).Value;
        throw Errors.HalfAPair(path, prefix + (a is null ? "A" : "B"), other.File);
    }

    private StoredTensor Needed(string path, AdapterLeaf leaf, string name, StoredTensor a) =>
        Find(path, leaf, "weight") ?? throw Errors.HalfAPair(path, name, a.File);

    private StoredTensor Diagonal(string path, string name, int rank, StoredTensor a)
    {
        StoredTensor diagonal = Needed(path, AdapterLeaf.Diagonal, "lora_diag", a);
        return diagonal.Shape is [var count] && count == rank ? diagonal : throw Errors.DiagonalDoesNotFit(name, diagonal, rank);
    }

    private StoredTensor? Unexpected(string path, AdapterLeaf leaf, string parameter = "weight") =>
        Find(path, leaf, parameter) is StoredTensor tensor ? throw Errors.AdapterTensorUnknown(tensor) : null;

    private static string WithoutWrappers(string path)
    {
        while (path.EndsWith(WrapperPart, StringComparison.Ordinal))
            path = path[..^WrapperPart.Length];
        return path;
    }

    private ImmutableArray<SavedParameter> Parameters() =>
    [
        .. _tensors.Where(pair => pair.Key.Leaf is AdapterLeaf.Parameter or AdapterLeaf.BaseLayer)
            .OrderBy(pair => pair.Key.Module, StringComparer.Ordinal).ThenBy(pair => pair.Key.Parameter, StringComparer.Ordinal)
            .Select(pair => new SavedParameter(NameOf(pair.Key.Module), pair.Key.Parameter, pair.Value) { IsBaseLayer = pair.Key.Leaf == AdapterLeaf.BaseLayer }),
    ];

    private ImmutableArray<SavedRows> Rows() =>
    [
        .. _tensors.Where(pair => pair.Key.Leaf == AdapterLeaf.TokenRows)
            .OrderBy(pair => pair.Key.Module, StringComparer.Ordinal)
            .Select(pair => RowsOf(pair.Key.Module, pair.Value)),
    ];

    private SavedRows RowsOf(string module, StoredTensor rows)
    {
        TrainableTokens tokens = _config.TrainableTokens.FirstOrDefault(t => t.Module is null || module == t.Module || module.EndsWith("." + t.Module, StringComparison.Ordinal))
            ?? throw Errors.AdapterConfigInvalid(_path, $"\"trainable_token_indices\" does not name '{module}', but the file holds rows of it");
        if (rows.Shape.Length != 2 || rows.Shape[0] != tokens.Indices.Length)
            throw Errors.AdapterConfigInvalid(_path, $"\"trainable_token_indices\" names {tokens.Indices.Length} tokens of '{module}', but '{rows.Name}' is {rows.ShapeText}");
        long repeated = tokens.Indices.GroupBy(i => i).FirstOrDefault(group => group.Count() > 1)?.Key ?? -1;
        if (repeated >= 0)
            throw Errors.TokenTrainedTwice(module, repeated, _path);
        return new SavedRows(module, tokens.Indices, rows);
    }

    private StoredTensor? Find(string module, AdapterLeaf leaf, string parameter) => _tensors.GetValueOrDefault((module, leaf, parameter));
}
