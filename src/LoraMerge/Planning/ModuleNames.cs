using LoraMerge.Architectures.Names;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>Where the modules of one adapter lie in the base's files, by one reading of their names.</summary>
/// <param name="join">Names of the files and of the adapter, brought together.</param>
/// <param name="scope">Where the model that was trained lies in the one of the files.</param>
/// <param name="checkpoint">The base.</param>
internal sealed class ModuleNames(NameJoin join, NameScope scope, Checkpoint checkpoint)
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

    /// <summary>Whether it is read as if it were a model of another type, of which more is known.</summary>
    public bool IsKin { get; init; }

    /// <summary>Whether the model that was trained is the one of the files.</summary>
    public bool IsOfSameModel => scope == NameScope.Same && !IsKin;

    /// <summary>What the printed plan calls the reading.</summary>
    public string Name =>
        scope != NameScope.Same ? scope.Description : _paths.All(pair => pair.Key == pair.Value) ? scope.Description : "as transformers renames them";

    /// <summary>A module's path in the base's files: where its weight lies whole, or a tensor below it, or what holds it; else as it is written.</summary>
    public string Apply(string module)
    {
        if (!_paths.TryGetValue(module, out string? path))
            _paths[module] = path = WholePath(module, "weight") ?? join.ModuleOf(module, scope) ?? BelowParent(LiveNames.WithoutWrappers(module));
        return path;
    }

    /// <summary>The same, of a module of which this parameter is known.</summary>
    public string Apply(string module, string parameter) => WholePath(module, parameter) ?? Apply(module);

    /// <summary>The parts of a parameter that the base's files hold within a larger tensor, or in several; null where it is a tensor of its own, or
    /// nowhere.</summary>
    public WeightParts? PartsOf(string module, string parameter) => join.PlacesOf(module, parameter, scope) is { IsEmpty: false } places
        ? places is [{ IsWhole: true }] ? null : WeightParts.Of(places, checkpoint)
        : JoinedProjections.Find(Apply(module), parameter, checkpoint);

    private string? WholePath(string module, string parameter) =>
        join.PlacesOf(module, parameter, scope) is [{ IsWhole: true } place] && place.Tensor.LastIndexOf('.') is > 0 and int dot ? place.Tensor[..dot] : null;

    private string BelowParent(string module)
    {
        for (int dot = module.LastIndexOf('.'); dot > 0; dot = module.LastIndexOf('.', dot - 1))
        {
            if (join.ModuleOf(module[..dot], scope) is string parent)
                return parent + module[dot..];
        }
        return scope.Trained.Length > 0 && scope.Apply(module) is { Length: > 0 } scoped ? scoped : module;
    }
}
