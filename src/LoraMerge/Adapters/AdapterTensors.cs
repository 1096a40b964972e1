using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Adapters;

/// <summary>Sorts the tensors of an adapter file by what they are for, so that each is used exactly once or named in an error.</summary>
internal sealed class AdapterTensors
{
    /// <summary>What a wrapper leaves in a path: of a parameter at the end, of an attention before its projection.</summary>
    public const string WrapperPart = ".base_layer";

    private readonly string _path;
    private readonly AdapterKind _kind;
    private readonly AdapterConfig _config;
    private readonly ImmutableArray<TensorRole> _roles;
    private readonly Dictionary<AdapterKey, StoredTensor> _tensors = [];
    private readonly Dictionary<string, ModuleTensors> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<(TensorRole Role, string? Key), StoredTensor> _shared = [];
    private readonly List<string> _ignored = [];

    private AdapterTensors(string path, AdapterKind kind, AdapterConfig config)
    {
        _path = path;
        _kind = kind;
        _config = config;
        _roles = kind.Roles;
    }

    /// <summary>Path of the adapter, for messages.</summary>
    public string Path => _path;

    /// <summary>What the configuration says for all kinds.</summary>
    public AdapterConfig Config => _config;

    /// <summary>The adapted modules with their tensors, in ordinal order of their paths.</summary>
    public IEnumerable<ModuleTensors> Modules => _modules.Values.OrderBy(module => module.Path, StringComparer.Ordinal);

    /// <exception cref="LoraMergeException">LORA3002, 3004, 3007 to 3010, 3012, 3018, 3060.</exception>
    public static Adapter Sort(string path, AdapterDialect dialect, AdapterKind kind, AdapterConfig config, KindConfig own, ImmutableArray<Shard> weights)
    {
        if (weights[0].Tensors.IsEmpty)
            throw Errors.AdapterIsEmpty(weights[0].File);
        var sorter = new AdapterTensors(path, kind, config);
        sorter.AddAll(weights, dialect);
        var notes = new List<MergeEvent>();
        ImmutableArray<AdaptedModule> modules = sorter.ReadModules(own, notes);
        return new Adapter(path, dialect, kind, config, own, weights, modules, sorter.Parameters(), sorter.Rows())
        {
            Ignored = [.. sorter._ignored],
            Notes = [.. notes],
            EndsAreOne = !config.KeepsTies || dialect.KeepsTiesAlways || TiedEnds.AreOne(modules),
        };
    }

    /// <summary>The tensors of a module; null where it has none.</summary>
    public ModuleTensors? Find(string path) => _modules.GetValueOrDefault(path);

    /// <summary>A tensor that the whole adapter shares; null where it has none.</summary>
    public StoredTensor? FindShared(TensorRole role, string? key = null) => _shared.GetValueOrDefault((role, key));

    public bool HasShared(TensorRole role) => _shared.Keys.Any(key => key.Role == role);

    /// <summary>All shared tensors of a role that has keys, by their keys.</summary>
    public SortedDictionary<string, StoredTensor> FindAllShared(TensorRole role) =>
        new(_shared.Where(pair => pair.Key.Role == role).ToDictionary(pair => pair.Key.Key!, pair => pair.Value), StringComparer.Ordinal);

    /// <summary>A module's path without what wrappers leave inside of it.</summary>
    public static string NameOf(string path) => path.Replace(WrapperPart + ".", ".", StringComparison.Ordinal);

    private void AddAll(ImmutableArray<Shard> weights, AdapterDialect dialect)
    {
        string? adapterName = null;
        foreach (StoredTensor tensor in weights.SelectMany(shard => shard.Tensors))
            adapterName ??= AdapterKey.Parse(tensor.Name, _roles)?.AdapterName;
        StoredTensor[] all = [.. weights.SelectMany(shard => shard.Tensors)];
        var placeholders = _kind.Placeholders(all).ToHashSet();
        _ignored.AddRange(placeholders.Select(tensor => tensor.Name));
        foreach (StoredTensor tensor in all.Where(tensor => !placeholders.Contains(tensor)))
            Add(tensor, adapterName, dialect);
        TakeSavedCopies();
        SortByModule();
    }

    private void Add(StoredTensor tensor, string? adapterName, AdapterDialect dialect)
    {
        AdapterKey key =
            AdapterKey.Parse(tensor.Name, _roles, adapterName)
            ?? throw (
                dialect.OtherLibraryOf(tensor.Name) is string library
                    ? Errors.AdapterOfOtherLibrary(tensor.File, library)
                    : Errors.AdapterTensorUnknown(tensor, _kind.PeftType)
            );
        if (key.AdapterName is not null && key.AdapterName != adapterName)
            throw Errors.AdapterNamesDisagree(tensor.File, adapterName!, key.AdapterName, tensor.Name);
        if (key.Use == RoleUse.Ignored)
        {
            _ignored.Add(tensor.Name);
            return;
        }
        if (tensor.Shape is [0] && key.Role?.MayBeEmpty != true)
            throw Errors.AdapterTensorEmpty(tensor);
        if (!IsReal(tensor.DType) && !(key.Role?.HoldsIndices == true && IsWhole(tensor.DType)))
            throw Errors.AdapterDTypeInvalid(tensor);
        if (key.Role is { Dimensions.IsEmpty: false } role && !role.Dimensions.Contains(tensor.Shape.Length))
            throw Errors.AdapterTensorShapeInvalid(tensor, string.Join(" or ", role.Dimensions));
        key = key with { AdapterName = null };
        if (!_tensors.TryAdd(key, tensor))
            throw Errors.AdapterTensorTwice(_tensors[key], tensor);
    }

    private static bool IsReal(DType dtype) => dtype is DType.F16 or DType.BF16 or DType.F32 or DType.F64;

    private static bool IsWhole(DType dtype) => dtype is DType.U8 or DType.I8 or DType.U16 or DType.I16 or DType.U32 or DType.I32 or DType.U64 or DType.I64;

    /// <summary>Raw dumps hold a saved module under its own name and below <c>modules_to_save</c>: the same values, used once.</summary>
    private void TakeSavedCopies()
    {
        foreach ((AdapterKey key, StoredTensor copy) in _tensors.Where(pair => pair.Key.Use == RoleUse.SavedCopy).ToArray())
        {
            _tensors.Remove(key);
            AdapterKey parameter = key with { Use = RoleUse.Parameter, SavedModule = null };
            bool isThereWithoutName = WithoutName(key) is string module && _tensors.ContainsKey(parameter with { Module = module });
            if (isThereWithoutName || !_tensors.TryAdd(parameter, copy))
                _ignored.Add(copy.Name);
        }
    }

    /// <summary>The path of a saved copy without the part that may be an adapter's name; null where it has no such part.</summary>
    private static string? WithoutName(AdapterKey key)
    {
        if (key.SavedModule is not string saved || key.Module.Length <= saved.Length)
            return null;
        int end = key.Module.IndexOf('.', saved.Length + 1);
        return end < 0 ? saved : saved + key.Module[end..];
    }

    private void SortByModule()
    {
        foreach (
            IGrouping<string, KeyValuePair<AdapterKey, StoredTensor>> module in _tensors
                .Where(pair => pair.Key.Use == RoleUse.Module)
                .GroupBy(pair => pair.Key.Module, StringComparer.Ordinal)
        )
            _modules.Add(module.Key, new ModuleTensors(module.Key, module.ToDictionary(pair => (pair.Key.Role!, pair.Key.Key), pair => pair.Value), this));
        // Equal copies below the modules stand for the shared one, or beside it.
        foreach (
            (AdapterKey key, StoredTensor tensor) in _tensors
                .Where(pair => pair.Key.Use == RoleUse.Shared)
                .OrderBy(pair => pair.Key.Module, StringComparer.Ordinal)
        )
        {
            if (!_shared.TryAdd((key.Role!, key.Key), tensor))
                _ignored.Add(tensor.Name);
        }
    }

    private ImmutableArray<AdaptedModule> ReadModules(KindConfig own, List<MergeEvent> notes)
    {
        foreach (ModuleTensors module in Modules)
            module.ThrowIfAnyIsMissing(_roles);
        ImmutableArray<AdaptedModule> read = own.ReadModules(this, notes);
        foreach (ModuleTensors module in Modules)
            module.ThrowIfAnyIsLeft(_kind);
        return read;
    }

    private ImmutableArray<SavedParameter> Parameters() =>
    [
        .. _tensors.Where(pair => pair.Key.Use is RoleUse.Parameter or RoleUse.BaseLayer)
            .OrderBy(pair => pair.Key.Module, StringComparer.Ordinal).ThenBy(pair => pair.Key.Parameter, StringComparer.Ordinal)
            .Select(pair => new SavedParameter(NameOf(pair.Key.Module), pair.Key.Parameter, pair.Value) { IsBaseLayer = pair.Key.Use == RoleUse.BaseLayer }),
    ];

    private ImmutableArray<SavedRows> Rows() =>
    [
        .. _tensors.Where(pair => pair.Key.Use == RoleUse.Rows)
            .OrderBy(pair => pair.Key.Module, StringComparer.Ordinal)
            .Select(pair => RowsOf(pair.Key.Module, pair.Value)),
    ];

    private SavedRows RowsOf(string module, StoredTensor rows)
    {
        TrainableTokens tokens =
            _config.TrainableTokens.FirstOrDefault(t => t.Module is null || module == t.Module || module.EndsWith("." + t.Module, StringComparison.Ordinal))
            ?? throw Errors.AdapterConfigInvalid(_path, $"\"{_kind.TokensField}\" does not name '{module}', but the file holds rows of it");
        if (rows.Shape.Length != 2 || rows.Shape[0] != tokens.Indices.Length)
            throw Errors.AdapterConfigInvalid(
                _path,
                $"\"{_kind.TokensField}\" names {tokens.Indices.Length} tokens of '{module}', but '{rows.Name}' is {rows.ShapeText}"
            );
        long repeated = tokens.Indices.GroupBy(i => i).FirstOrDefault(group => group.Count() > 1)?.Key ?? -1;
        if (repeated >= 0)
            throw Errors.TokenTrainedTwice(module, repeated, _path);
        return new SavedRows(module, tokens.Indices, rows);
    }
}
