using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Adapters;

/// <summary>Sorts the tensors of an adapter file by what they are for, so that each is used exactly once or named in an error.</summary>
internal sealed class AdapterTensors
{
    private readonly string _path;
    private LoraConfig _config;
    private readonly Dictionary<(string Module, AdapterLeaf Leaf, string Parameter), StoredTensor> _tensors = [];

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
            sorter.Add(tensor, ref adapterName);
        var notes = new List<MergeEvent>();
        sorter._config = PatternChoice.Choose(config, [.. sorter.Ranks()], path, notes);
        return new Adapter(path, sorter._config, weights, sorter.Modules(), sorter.Parameters(), sorter.Rows()) { Notes = [.. notes] };
    }

    /// <summary>The rank of each module as its A tells it; of the fused projections of PEFT 0.2, each has its own r rows of A.</summary>
    private IEnumerable<(string Module, int Rank)> Ranks() => _tensors.Where(pair => pair.Key.Leaf == AdapterLeaf.LoraA && !pair.Value.Shape.IsEmpty)
        .Select(pair => (pair.Key.Module, RankOf(pair.Value))).OrderBy(pair => pair.Module, StringComparer.Ordinal);

    private int RankOf(StoredTensor a) => checked((int)(a.Shape[0] / Math.Max(1, _config.EnabledProjections.Count(enabled => enabled))));

    private void Add(StoredTensor tensor, ref string? adapterName)
    {
        AdapterKey key = AdapterKey.Parse(tensor.Name) ?? throw NotUnderstood(tensor);
        if (key.AdapterName is not null && (adapterName ??= key.AdapterName) != key.AdapterName)
            throw Errors.AdapterNamesDisagree(tensor.File, adapterName, key.AdapterName, tensor.Name);
        if (tensor.DType is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64))
            throw Errors.AdapterDTypeInvalid(tensor);
        if (!_tensors.TryAdd((key.Module, key.Leaf, key.Parameter), tensor))
            throw Errors.DuplicateTensor(tensor.Name, _tensors[(key.Module, key.Leaf, key.Parameter)].Name, tensor.File);
    }

    /// <summary>Forms that later releases will merge are refused by their name, the rest by the tensor's.</summary>
    private static LoraMergeException NotUnderstood(StoredTensor tensor) => tensor.Name switch
    {
        var name when name.Contains("lora_embedding_", StringComparison.Ordinal) => Errors.AdapterFormNotYetSupported(tensor.File, "LoRA on an embedding", name),
        var name when name.Contains("lora_magnitude_vector", StringComparison.Ordinal) => Errors.AdapterFormNotYetSupported(tensor.File, "DoRA", name),
        _ => ForeignWeights.Library(tensor.Name) is string library ? Errors.AdapterOfOtherLibrary(tensor.File, library) : Errors.AdapterTensorUnknown(tensor),
    };

    private ImmutableArray<AdapterModule> Modules()
    {
        IEnumerable<string> paths = _tensors.Keys
            .Where(key => key.Leaf is AdapterLeaf.LoraA or AdapterLeaf.LoraB or AdapterLeaf.LoraBBias)
            .Select(key => key.Module).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return [.. paths.Select(Module)];
    }

    private AdapterModule Module(string path)
    {
        if (path.EndsWith(".base_layer", StringComparison.Ordinal) || path.Contains(".base_layer.", StringComparison.Ordinal))
            throw Errors.AdapterFormNotYetSupported(_path, "LoRA on nested parameters", path);
        StoredTensor? a = Find(path, AdapterLeaf.LoraA, "weight");
        StoredTensor? b = Find(path, AdapterLeaf.LoraB, "weight");
        if (a is null || b is null)
            throw Errors.HalfAPair(path, a is null ? "lora_A" : "lora_B", (a ?? b ?? Find(path, AdapterLeaf.LoraBBias, "bias"))!.File);
        if (a.Shape.Length < 2 || b.Shape.Length < 2 || RankOf(a) != b.Shape[1])
            throw Errors.PairDoesNotFit(path, a, b);
        int rank = RankOf(a);
        if (!_config.AlphasOf(path, rank).Any())
            throw Errors.RankMismatch(path, a, _config.RankOf(path));
        return new AdapterModule(path, a, b, Find(path, AdapterLeaf.LoraBBias, "bias"), _config.ScalingOf(path, rank));
    }

    private ImmutableArray<SavedParameter> Parameters() =>
    [
        .. _tensors.Where(pair => pair.Key.Leaf == AdapterLeaf.Parameter)
            .OrderBy(pair => pair.Key.Module, StringComparer.Ordinal).ThenBy(pair => pair.Key.Parameter, StringComparer.Ordinal)
            .Select(pair => new SavedParameter(pair.Key.Module, pair.Key.Parameter, pair.Value)),
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
