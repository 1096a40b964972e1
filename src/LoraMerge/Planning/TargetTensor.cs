using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>A tensor of the result that at least one adapter changes or adds, while the plan is being made.</summary>
/// <param name="name">Its name in the result.</param>
/// <param name="source">Where its values start from.</param>
/// <param name="dtype">Its element type, where the request does not ask for another.</param>
/// <param name="isNew">Whether the base's files do not have it.</param>
internal sealed class TargetTensor(string name, StoredTensor source, DType dtype, bool isNew)
{
    private readonly List<PlannedDelta> _reductions = [];
    private readonly List<PlannedDelta> _checks = [];
    private readonly List<PlannedDelta> _deltas = [];
    private bool _isStillBase;

    public string Name => name;

    public bool IsNew => isNew;

    public StoredTensor Source { get; private set; } = source;

    /// <summary>The adapter whose file the source lies in.</summary>
    public int? ReplacedBy { get; private set; }

    /// <summary>Adapter of the first change, if any.</summary>
    public int? FirstChangedBy => ReplacedBy ?? Changes.FirstOrDefault(delta => delta is not PlannedDelta.SameAs)?.Adapter;

    /// <summary>In the order of application: what holds of the source first, then adapter by adapter.</summary>
    public IEnumerable<PlannedDelta> Changes => [.. _checks, .. _reductions, .. _deltas];

    public void Add(PlannedDelta delta)
    {
        List<PlannedDelta> list = delta switch
        {
            PlannedDelta.SameAs => _checks,
            PlannedDelta.BaseReduced => _reductions,
            _ => _deltas,
        };
        list.Add(delta);
    }

    /// <param name="values">What it starts from now.</param>
    /// <param name="adapter">The adapter that holds them.</param>
    /// <param name="isBase">Whether they are the base as that adapter saw it, and no trained values.</param>
    public void Replace(StoredTensor values, int adapter, bool isBase = false)
    {
        Source = values;
        ReplacedBy = adapter;
        _isStillBase = isBase;
    }

    /// <summary>Makes one change of those of several adapters.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA4030, LORA4031.</exception>
    public void Combine(CombinationPlanner planner)
    {
        ImmutableArray<PlannedDelta> combined = planner.Combine(name, _isStillBase ? null : ReplacedBy, [.. _reductions, .. _deltas]);
        _reductions.Clear();
        _deltas.Clear();
        _deltas.AddRange(combined);
    }

    public PlannedTensor Plan(OutputDType asked)
    {
        DType result = asked.Of(dtype);
        return _checks.Count + _reductions.Count + _deltas.Count == 0 && ReplacedBy is null && result == Source.DType
            ? new PlannedTensor.PassThrough(name, Source)
            : new PlannedTensor.Computed(name, result, Source, [.. Changes], ReplacedBy);
    }
}
