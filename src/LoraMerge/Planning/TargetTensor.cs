using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>A tensor of the result that at least one adapter changes or adds, while the plan is being made.</summary>
/// <param name="name">Its name in the result.</param>
/// <param name="source">Where its values start from.</param>
/// <param name="dtype">Its element type, where the request does not ask for another.</param>
/// <param name="isNew">Whether the base's files do not have it.</param>
internal sealed class TargetTensor(string name, TensorSource source, DType dtype, bool isNew)
{
    private readonly List<WeightChange> _changes = [];
    private bool _isStillBase;

    public string Name => name;

    public bool IsNew => isNew;

    public TensorSource Source { get; private set; } = source;

    /// <summary>The adapter whose file the source lies in.</summary>
    public int? ReplacedBy { get; private set; }

    /// <summary>Adapter of the first change, if any.</summary>
    public int? FirstChangedBy => ReplacedBy ?? Changes.FirstOrDefault(change => change.Stage != ChangeStage.Check)?.Adapter;

    /// <summary>In the order of application: what holds of the source first, then adapter by adapter.</summary>
    public IEnumerable<WeightChange> Changes => _changes.OrderBy(change => change.Stage);

    public void Add(WeightChange change) => _changes.Add(change);

    /// <param name="values">What it starts from now.</param>
    /// <param name="adapter">The adapter that holds them.</param>
    /// <param name="isBase">Whether they are the base as that adapter saw it, and no trained values.</param>
    public void Replace(TensorSource values, int adapter, bool isBase = false)
    {
        Source = values;
        ReplacedBy = adapter;
        _isStillBase = isBase;
    }

    /// <summary>Makes one change of those of several adapters.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA4030, LORA4031.</exception>
    public void Combine(CombinationPlanner planner)
    {
        WeightChange[] combinable = [.. Changes.Where(change => change.Stage != ChangeStage.Check)];
        ImmutableArray<WeightChange> combined = planner.Combine(name, _isStillBase ? null : ReplacedBy, combinable);
        _changes.RemoveAll(change => change.Stage != ChangeStage.Check);
        _changes.AddRange(combined);
    }

    public PlannedTensor Plan(OutputDType asked)
    {
        DType result = asked.Of(dtype);
        return _changes.Count == 0 && ReplacedBy is null && result == Source.DType && Source is StoredTensor stored
            ? new PlannedTensor.PassThrough(name, stored)
            : new PlannedTensor.Computed(name, result, Source.WideEnoughFor(result), [.. Changes], ReplacedBy);
    }
}
