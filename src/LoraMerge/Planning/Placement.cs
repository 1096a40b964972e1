using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Architectures.Names;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Where the modules of an adapter lie by a reading of its names, and whether they fit there.</summary>
internal sealed class Placement
{
    private readonly ExpertLayout? _layout;
    private readonly Adapter _adapter;
    private readonly Checkpoint _checkpoint;
    private readonly Vocabulary _vocabulary;

    public Placement(PlannedAdapter asked, Checkpoint checkpoint, Vocabulary vocabulary)
    {
        _layout = asked.ExpertLayout;
        _adapter = asked.Adapter;
        _checkpoint = checkpoint;
        _vocabulary = vocabulary;
        Needed = [.. _adapter.Modules.Select(module => module.Path).Concat(_adapter.Rows.Select(rows => rows.Module)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Modules that need a place: those that are changed. What the adapter holds whole may be new to the base.</summary>
    public ImmutableArray<string> Needed { get; }

    /// <summary>Whether every module has a place of its own.</summary>
    public bool IsWhole(ModuleNames names)
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        return Needed.All(module => PlaceOf(names, module) is string place && places.Add(place));
    }

    /// <summary>How many of some modules have places of their own.</summary>
    public int CountFound(ModuleNames names, IEnumerable<string> modules) =>
        modules.Select(module => PlaceOf(names, module)).OfType<string>().Distinct(StringComparer.Ordinal).Count();

    /// <summary>Modules without a place of their own.</summary>
    public ImmutableArray<string> Missing(ModuleNames names)
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        return [.. Needed.Where(module => !(PlaceOf(names, module) is string place && places.Add(place)))];
    }

    /// <summary>How many of the tensors that the adapter holds whole have places that they fit.</summary>
    public int CountSaved(ModuleNames names) => _adapter.Parameters.Count(saved => IsFitting(saved, names));

    /// <summary>Where a module lies: a path, or the parts of tensors; null where the base has it nowhere.</summary>
    public string? PlaceOf(ModuleNames names, string module)
    {
        string path = names.Apply(module);
        if (!names.IsOfSameModel && !IsOfSameKind(module, path))
            return null;
        // A pair for a head that the library's models do not have was trained on another base.
        if (_vocabulary.IsTied && path == _vocabulary.Head && !_adapter.Dialect.HasHeadWhereTied)
            return null;
        bool isInBase = _checkpoint.TryFind(path + ".weight", out _)
            || (_vocabulary.IsTied && _vocabulary.IsMember(path))
            || _checkpoint.TryFind(path + ".in_proj_weight", out _)
            || ExpertTensors.Exist(path, _checkpoint)
            || ProjectionNames.OtherNameOf(path, _checkpoint) is not null
            || FusedPart.Holder(path, _checkpoint) is not null;
        return isInBase ? path : names.PartsOf(module, "weight")?.Text;
    }

    /// <summary>Whether every module and row has the shapes of its place.</summary>
    public bool Fits(ModuleNames names)
    {
        var by = new AppliedAdapter(_adapter, 0, 1, _layout, _checkpoint, names.Apply, new List<MergeEvent>());
        return _adapter.Modules.All(module => Fits(module, names, by)) && _adapter.Rows.All(rows =>
            !_checkpoint.TryFind(names.Apply(rows.Module) + ".weight", out TensorSource? stored)
                || (stored.Shape.Length == 2 && stored.Shape[1] == rows.Rows.Shape[1]));
    }

    /// <summary>Whether a module's place works on the same as the model that was trained, as far as names tell.</summary>
    private bool IsOfSameKind(string module, string path) =>
        !Modality.Differ(
            Modality.Of(module) ?? Modality.Of(_adapter.Config.TrainedClass),
            Modality.Of(path) ?? Modality.Of(_checkpoint.Config.PartOf(path).ModelType));

    private bool IsFitting(SavedParameter saved, ModuleNames names)
    {
        string path = names.Apply(saved.Module, saved.Parameter);
        if (_checkpoint.TryFind($"{path}.{saved.Parameter}", out TensorSource? stored))
            return stored.Shape.AsSpan().SequenceEqual(saved.Tensor.Shape.AsSpan());
        return _vocabulary.IsMember(path) || FusedPart.Holder(path, _checkpoint) is not null
            || ExpertTensors.Find(path, saved.Parameter, _checkpoint) is not null
            || ProjectionNames.OtherNameOf(path, _checkpoint) is not null || names.PartsOf(saved.Module, saved.Parameter) is not null;
    }

    private bool Fits(AdaptedModule module, ModuleNames names, AppliedAdapter by)
    {
        try
        {
            string path = names.Apply(module.Path);
            if (module.ChangeTensors(by, path) is null && module.ChangesWeight)
                _ = Changes(module, path, names, by).Count();
            return true;
        }
        catch (LoraMergeException e)
        {
            return e.Code is not (
                DiagnosticCode.ShapeMismatch or DiagnosticCode.ExpertShapeMismatch or DiagnosticCode.ParameterUnknown or DiagnosticCode.GroupedConvolution);
        }
    }

    private IEnumerable<WeightChange> Changes(AdaptedModule module, string path, ModuleNames names, AppliedAdapter by)
    {
        string tensor = (_vocabulary.IsTied && _vocabulary.IsMember(path) ? _vocabulary.Embedding! : path) + ".weight";
        if (_checkpoint.TryFind(tensor, out TensorSource? stored) || _checkpoint.TryFind(path + ".in_proj_weight", out stored))
            return module.ChangeWeight(new ModuleTarget(stored, by));
        if (FusedPart.Find(path, _checkpoint) is FusedPart part)
            return module.ChangeWeight(new ModuleTarget(part.AsMatrix, by) { KnownTransposed = part.IsTransposed });
        return names.PartsOf(module.Path, "weight") is { } parts ? PartPlanner.Changes(module, parts, by).Select(change => change.Change) : [];
    }
}
