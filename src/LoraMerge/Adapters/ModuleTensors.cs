using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>The tensors of one adapted module by their roles, with those that the whole adapter shares. What is not asked for in the end is an error.</summary>
internal sealed class ModuleTensors
{
    private readonly AdapterTensors _all;
    private readonly Dictionary<(TensorRole Role, string? Key), StoredTensor> _tensors;
    private readonly HashSet<StoredTensor> _taken = new(ReferenceEqualityComparer.Instance);

    internal ModuleTensors(string path, Dictionary<(TensorRole Role, string? Key), StoredTensor> tensors, AdapterTensors all)
    {
        Path = path;
        _tensors = tensors;
        _all = all;
    }

    /// <summary>Path of the module as the names have it, with what wrappers leave in it.</summary>
    public string Path { get; }

    /// <summary>Path of the module in the live model.</summary>
    public string Name => AdapterTensors.NameOf(Path);

    /// <summary>Some tensor of it, for messages.</summary>
    public StoredTensor First => _tensors.Values.MinBy(tensor => tensor.Name, StringComparer.Ordinal)!;

    public bool Has(TensorRole role) => _tensors.Keys.Any(key => key.Role == role);

    /// <summary>As <see cref="Find"/>, without taking the tensor: who only looks may leave it.</summary>
    public StoredTensor? Look(TensorRole role, string? key = null) => _tensors.GetValueOrDefault((role, key));

    /// <summary>The tensor of a role; null where the module has none.</summary>
    public StoredTensor? Find(TensorRole role, string? key = null)
    {
        if (!_tensors.TryGetValue((role, key), out StoredTensor? tensor))
            return null;
        _taken.Add(tensor);
        return tensor;
    }

    /// <exception cref="LoraMergeException">LORA3008.</exception>
    public StoredTensor Needed(TensorRole role, string? key = null) => Find(role, key) ?? throw Missing(role);

    /// <summary>A tensor that the whole adapter shares; null where it has none.</summary>
    public StoredTensor? FindShared(TensorRole role, string? key = null) => _all.FindShared(role, key);

    /// <exception cref="LoraMergeException">LORA3008.</exception>
    public StoredTensor NeededShared(TensorRole role, string? key = null) => FindShared(role, key) ?? throw Missing(role);

    /// <summary>The fault of a module that lacks a tensor.</summary>
    public LoraMergeException Missing(TensorRole role) => Errors.HalfAPair(Path, role.Name, First.File);

    /// <exception cref="LoraMergeException">LORA3008.</exception>
    internal void ThrowIfAnyIsMissing(IEnumerable<TensorRole> roles)
    {
        foreach (TensorRole role in roles.Where(role => role.IsNeeded))
        {
            if (role.Use == RoleUse.Module ? !Has(role) : role.Use == RoleUse.Shared && !_all.HasShared(role))
                throw Missing(role);
        }
    }

    /// <exception cref="LoraMergeException">LORA3009.</exception>
    internal void ThrowIfAnyIsLeft(AdapterKind kind)
    {
        if (_tensors.Values.Where(tensor => !_taken.Contains(tensor)).MinBy(tensor => tensor.Name, StringComparer.Ordinal) is StoredTensor left)
            throw Errors.AdapterTensorUnknown(left, kind.PeftType);
    }
}
