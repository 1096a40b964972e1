using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>A plan while it is being made: the tensors that change so far, and what the user should know.</summary>
internal sealed class PlanDraft(Checkpoint checkpoint, Vocabulary vocabulary, PlanOptions options)
{
    private readonly Dictionary<string, TargetTensor> _targets = new(StringComparer.Ordinal);

    public Checkpoint Checkpoint => checkpoint;

    public Vocabulary Vocabulary => vocabulary;

    public PlanOptions Options => options;

    public List<MergeEvent> Notes { get; } = [];

    public bool IsEmpty => _targets.Count == 0;

    public IEnumerable<TargetTensor> NewTargets => _targets.Values.Where(target => target.IsNew).OrderBy(target => target.Name, StringComparer.Ordinal);

    /// <summary>Tensors that some adapter holds whole.</summary>
    public IEnumerable<TargetTensor> Replaced => _targets.Values.Where(target => target.ReplacedBy is not null);

    public TargetTensor? Find(string name) => _targets.GetValueOrDefault(name);

    /// <summary>What a tensor of this name starts from in the merged model, so far; null where it has none.</summary>
    public TensorSource? SourceOf(string name) =>
        Find(name)?.Source ?? (checkpoint.TryFind(name, out TensorSource? stored) ? stored : null);

    /// <summary>The tensor of this name, to be changed; null where the base has none.</summary>
    /// <exception cref="LoraMergeException">
    /// LORA2017: it shares its bytes with another, and nothing says that they are one. LORA4006: its numbers are none that can be computed with.
    /// </exception>
    public TargetTensor? Target(string name, Adapter adapter)
    {
        if (_targets.TryGetValue(name, out TargetTensor? target))
            return target;
        if (!checkpoint.TryFind(name, out TensorSource? stored))
            return null;
        if (!OutputDType.IsFloat(stored.DType))
            throw Errors.TargetDTypeInvalid(stored, adapter.Path);
        if (checkpoint.FindShared(stored) is { } shared && !(vocabulary.IsTied && IsVocabulary(name) && IsVocabulary(shared.Name)))
            throw Errors.SharedTensorChanged(stored.Name, shared.Name, adapter.Path, stored.Parts[0].File);
        return _targets[name] = new TargetTensor(name, stored, stored.ResultDType, isNew: false);
    }

    /// <summary>The tensors that a change of a module's parameter acts on: several where embedding and head are one.</summary>
    /// <returns>Empty where the change is the second half of a pair that is applied once; null where the base has no such tensor.</returns>
    /// <exception cref="LoraMergeException">LORA4006.</exception>
    public IReadOnlyList<TargetTensor>? Targets(string module, string parameter, Adapter adapter, VocabularyChange change)
    {
        if (parameter == "weight" && vocabulary.IsTied && vocabulary.IsMember(module))
            return [.. vocabulary.MembersChangedWith(module, change).Select(member => Target(member + ".weight", adapter)!)];
        TargetTensor? target = Target($"{module}.{parameter}", adapter) ?? Target($"{module}.{OldNameOf(parameter)}", adapter)
            ?? (ProjectionNames.OtherNameOf(module, checkpoint) is string other ? Target($"{other}.{parameter}", adapter) : null)
            ?? (IsBiasOfDecoder(module, parameter) ? Target($"{module[..module.LastIndexOf('.')]}.{parameter}", adapter) : null);
        return target is null ? null : [target];
    }

    /// <summary>Makes one change of those that several adapters plan for a tensor, on every tensor.</summary>
    /// <exception cref="LoraMergeException">LORA4030, LORA4031.</exception>
    public void Combine(CombinationPlanner planner)
    {
        foreach (TargetTensor target in _targets.Values)
            target.Combine(planner);
    }

    /// <summary>A tensor that the base does not have.</summary>
    public TargetTensor AddNew(string name, TensorSource source, DType? dtype = null) =>
        _targets[name] = new TargetTensor(name, source, dtype ?? MainDType(), isNew: true);

    /// <summary>Says that a tensor of an adapter has no place in the base.</summary>
    /// <exception cref="LoraMergeException">LORA4003, LORA4082: the request does not accept that.</exception>
    public void LeaveOut(Adapter adapter, StoredTensor tensor)
    {
        if (!options.AcceptsUnmatched)
            throw IsTrainedBeside(adapter, tensor) ? Errors.TrainedBesideUnplaced(tensor, checkpoint.Path) : Errors.TensorUnused(tensor, checkpoint.Path);
        Notes.Add(Diagnostics.Notes.TensorUnmatched(tensor.Name, adapter.Path, checkpoint.Name));
    }

    private static bool IsTrainedBeside(Adapter adapter, StoredTensor tensor) =>
        tensor.File != adapter.Weights[0].File && AdapterWeights.AreTrainedBeside(Path.GetFileName(tensor.File));

    private bool IsVocabulary(string tensor) => tensor.EndsWith(".weight", StringComparison.Ordinal) && vocabulary.IsMember(tensor[..^".weight".Length]);

    /// <summary>Heads of BERT and its kin have one bias under two names, of which files hold the shorter: <c>lm_head.bias</c>.</summary>
    private static bool IsBiasOfDecoder(string module, string parameter) =>
        parameter == "bias" && module.EndsWith(".decoder", StringComparison.Ordinal) && VocabularyNames.IsHead(module);

    /// <summary>Norms of the first BERT checkpoints name their parameters as TensorFlow did; transformers renames them when it loads.</summary>
    private static string OldNameOf(string parameter) => parameter switch { "weight" => "gamma", "bias" => "beta", _ => parameter };

    /// <summary>The dtype that most of the base's bytes have.</summary>
    private DType MainDType() => checkpoint.Tensors.Where(tensor => OutputDType.IsFloat(tensor.DType))
        .GroupBy(tensor => tensor.ResultDType).MaxBy(group => group.Sum(tensor => tensor.ByteLength))?.Key ?? DType.F32;
}
