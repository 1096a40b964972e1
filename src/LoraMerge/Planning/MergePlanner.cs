using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>Decides for each tensor of the base what the adapters make of it. Reads headers, never tensor bytes.</summary>
internal sealed class MergePlanner
{
    private readonly Checkpoint _checkpoint;
    private readonly ImmutableArray<PlannedAdapter> _adapters;
    private readonly PlanOptions _options;
    private readonly Dictionary<string, TargetTensor> _targets = new(StringComparer.Ordinal);
    private readonly List<StoredTensor> _newTensors = [];
    private readonly List<MergeEvent> _notes = [];

    private MergePlanner(Checkpoint checkpoint, ImmutableArray<PlannedAdapter> adapters, PlanOptions options)
    {
        _checkpoint = checkpoint;
        _adapters = adapters;
        _options = options;
    }

    /// <exception cref="LoraMergeException">LORA4001 to LORA4014.</exception>
    public static MergePlan Plan(Checkpoint checkpoint, ImmutableArray<PlannedAdapter> adapters, PlanOptions options) =>
        new MergePlanner(checkpoint, adapters, options).Plan();

    private MergePlan Plan()
    {
        ImmutableArray<string>.Builder rules = ImmutableArray.CreateBuilder<string>();
        for (int i = 0; i < _adapters.Length; i++)
            rules.Add(Add(i, _adapters[i].Adapter, _adapters[i].Weight));
        if (_targets.Count == 0)
            throw Errors.NothingToMerge(_checkpoint.Path, _adapters.Select(a => a.Adapter.Path));
        ImmutableArray<PlannedShard> shards = ShardPlanner.Plan(_checkpoint, BaseTensors(), NewTensors(), _options.MaxShardSize);
        bool hasIndex = shards.Length > 1 || _checkpoint.IndexFile is not null;
        return new MergePlan(
            shards,
            hasIndex,
            hasIndex && _newTensors.Count == 0 && _options.MaxShardSize is null && _options.DType.Forced is null ? _checkpoint.IndexFile : null,
            SideFiles.Of(_checkpoint, [.. _adapters.Select(a => a.Adapter)], _notes),
            ConfigChanges(),
            rules.ToImmutable(),
            [.. _notes]);
    }

    /// <summary>Adds the changes of one adapter; answers the name of the rule that took its module names to the base's.</summary>
    private string Add(int index, Adapter adapter, double weight)
    {
        Warn(adapter);
        ModuleNameRule rule = ModuleNames.Resolve(adapter, _checkpoint, _options.AcceptsUnmatched);
        foreach (SavedParameter saved in adapter.Parameters)
            AddSaved(index, adapter, weight, saved, $"{rule.Apply(saved.Module)}.{saved.Parameter}");
        WarnOfLostBiases(adapter, rule);
        foreach (AdapterModule module in adapter.Modules)
            AddModule(index, adapter, weight, module, rule.Apply(module.Path));
        foreach (SavedRows rows in adapter.Rows)
            AddRows(index, adapter, weight, rows, rule.Apply(rows.Module) + ".weight");
        return rule.Name;
    }

    private void AddModule(int index, Adapter adapter, double weight, AdapterModule module, string path)
    {
        if (!_checkpoint.TryFind(path + ".weight", out StoredTensor? stored))
        {
            WarnUnmatched(adapter, module.A.Name);
            return;
        }
        ThrowIfTied(path, adapter);
        bool isTransposed = Orientation.IsTransposed(module, stored, _checkpoint.Config, adapter);
        Target(stored, adapter).Deltas.Add(new PlannedDelta.LowRank(index, module.Path, module.A, module.B, module.Scaling * weight, isTransposed));
        if (module.BBias is not { } bias)
            return;
        if (!_checkpoint.TryFind(path + ".bias", out StoredTensor? storedBias))
            throw Errors.BiasNotInBase(module.Path, bias, _checkpoint.Path);
        ThrowIfShapesDiffer(bias, storedBias, adapter);
        Target(storedBias, adapter).Deltas.Add(new PlannedDelta.Added(index, module.Path, bias, module.Scaling * weight));
    }

    private void AddSaved(int index, Adapter adapter, double weight, SavedParameter saved, string name)
    {
        if (!_checkpoint.TryFind(name, out StoredTensor? stored))
        {
            AddNew(index, adapter, weight, saved, name);
            return;
        }
        ThrowIfTied(name[..name.LastIndexOf('.')], adapter);
        ThrowIfShapesDiffer(saved.Tensor, stored, adapter);
        TargetTensor target = Target(stored, adapter);
        if (target.ReplacedBy is int other || target.Deltas.Count > 0)
            throw Errors.TensorReplacedTwice(name, _adapters[target.ReplacedBy ?? target.Deltas[0].Adapter].Adapter.Path, adapter.Path);
        if (weight == 1 && !saved.Tensor.IsColumnMajor)
            (target.Source, target.ReplacedBy) = (saved.Tensor, index);
        else
            target.Deltas.Add(new PlannedDelta.MovedTowards(index, saved.Module, saved.Tensor, weight));
    }

    /// <summary>A head that the base does not have, such as a classifier: a new tensor, if the adapter says that it trained such a module.</summary>
    private void AddNew(int index, Adapter adapter, double weight, SavedParameter saved, string name)
    {
        if (!IsTrainedHead(saved.Module, adapter.Config))
        {
            if (!_options.AcceptsUnmatched)
                throw Errors.TensorUnused(saved.Tensor, _checkpoint.Path);
            WarnUnmatched(adapter, saved.Tensor.Name);
            return;
        }
        if (saved.Module.Split('.')[^1] is "lm_head" or "embed_tokens")
            throw Errors.TiedWeightsNotYetSupported(saved.Module, adapter.Path, _checkpoint.Path);
        if (weight != 1)
            throw Errors.NewTensorWithWeight(saved.Tensor, weight);
        if (_targets.TryGetValue(name, out TargetTensor? earlier))
            throw Errors.TensorReplacedTwice(name, _adapters[earlier.ReplacedBy!.Value].Adapter.Path, adapter.Path);
        _targets[name] = new TargetTensor(saved.Tensor) { ReplacedBy = index };
        _newTensors.Add(saved.Tensor with { Name = name });
    }

    private void AddRows(int index, Adapter adapter, double weight, SavedRows rows, string name)
    {
        if (!_checkpoint.TryFind(name, out StoredTensor? stored))
        {
            WarnUnmatched(adapter, rows.Rows.Name);
            return;
        }
        if (stored.Shape.Length != 2 || stored.Shape[1] != rows.Rows.Shape[1])
            throw Errors.SavedShapeMismatch(rows.Rows, stored, adapter.Path);
        foreach (long token in rows.Indices)
        {
            if (token < 0 || token >= stored.Shape[0])
                throw Errors.TokenOutsideVocabulary(token, rows.Module, stored, adapter.Path);
        }
        TargetTensor target = Target(stored, adapter);
        long shared = target.Deltas.OfType<PlannedDelta.Rows>().SelectMany(delta => delta.Indices).Intersect(rows.Indices).DefaultIfEmpty(-1).First();
        if (shared >= 0)
            throw Errors.TokenTrainedTwice(rows.Module, shared, adapter.Path);
        target.Deltas.Add(new PlannedDelta.Rows(index, rows.Module, rows.Rows, rows.Indices, weight));
    }

    private static bool IsTrainedHead(string module, LoraConfig config) =>
        config.ModulesToSave.Any(entry => module.Split('.').Any(part => part == entry) || module.EndsWith(entry, StringComparison.Ordinal))
        || (config.TaskType is "SEQ_CLS" or "TOKEN_CLS" && module.Split('.').Any(part => part is "classifier" or "score"))
        || (config.TaskType is "QUESTION_ANS" && module.Split('.').Contains("qa_outputs"));

    private TargetTensor Target(StoredTensor stored, Adapter adapter)
    {
        if (!OutputDType.IsFloat(stored.DType))
            throw Errors.TargetDTypeInvalid(stored, adapter.Path);
        if (!_targets.TryGetValue(stored.Name, out TargetTensor? target))
            _targets[stored.Name] = target = new TargetTensor(stored);
        return target;
    }

    /// <summary>Where embedding and head are one tensor, a change of either changes both; later releases part them.</summary>
    private void ThrowIfTied(string module, Adapter adapter)
    {
        string leaf = module.Split('.')[^1];
        bool isVocabulary = leaf is "embed_tokens" or "lm_head" or "wte" or "word_embeddings" or "shared" or "embed_in" or "embed_out";
        if (isVocabulary && (_checkpoint.Config.TieWordEmbeddings == true || !_checkpoint.TensorNames.Any(IsHead)))
            throw Errors.TiedWeightsNotYetSupported(module, adapter.Path, _checkpoint.Path);
    }

    private static bool IsHead(string name) => name.Split('.') is [.., "lm_head" or "embed_out", "weight"];

    private static void ThrowIfShapesDiffer(StoredTensor saved, StoredTensor stored, Adapter adapter)
    {
        if (!saved.Shape.AsSpan().SequenceEqual(stored.Shape.AsSpan()))
            throw Errors.SavedShapeMismatch(saved, stored, adapter.Path);
    }

    private void Warn(Adapter adapter)
    {
        foreach (string field in adapter.Config.UnknownFields)
            _notes.Add(Notes.AdapterConfigFieldUnknown(field, adapter.Path));
        _notes.AddRange(adapter.Notes);
        if (adapter.Config.BaseModelName is string name && Quantization.IsQuantizedName(name))
            _notes.Add(Notes.AdapterTrainedOnQuantizedBase(name, _checkpoint.Name, adapter.Path));
    }

    private void WarnOfLostBiases(Adapter adapter, ModuleNameRule rule)
    {
        if (adapter.Config.TrainsBiasesOfAdaptedModules && !adapter.Parameters.Any(saved => saved.Parameter == "bias")
            && adapter.Modules.FirstOrDefault(module => _checkpoint.TryFind(rule.Apply(module.Path) + ".bias", out _)) is AdapterModule lost)
            _notes.Add(Notes.TrainedBiasesLost(lost.Path, adapter.Path));
    }

    private void WarnUnmatched(Adapter adapter, string tensor) => _notes.Add(Notes.TensorUnmatched(tensor, adapter.Path, _checkpoint.Name));

    private IEnumerable<(string Shard, PlannedTensor Tensor)> BaseTensors()
    {
        foreach (Shard shard in _checkpoint.Shards)
        {
            foreach (StoredTensor stored in shard.Tensors)
                yield return (shard.FileName, PlanTensor(stored));
        }
    }

    private PlannedTensor PlanTensor(StoredTensor stored)
    {
        DType dtype = _options.DType.Of(stored.DType);
        if (_targets.TryGetValue(stored.Name, out TargetTensor? target))
            return new PlannedTensor.Computed(stored.Name, dtype, target.Source, [.. target.Deltas], target.ReplacedBy);
        return dtype == stored.DType
            ? new PlannedTensor.PassThrough(stored.Name, stored)
            : new PlannedTensor.Computed(stored.Name, dtype, stored, [], null);
    }

    /// <summary>New tensors take the dtype that most of the base's bytes have.</summary>
    private IEnumerable<PlannedTensor> NewTensors()
    {
        DType main = _checkpoint.Shards.SelectMany(shard => shard.Tensors).Where(tensor => OutputDType.IsFloat(tensor.DType))
            .GroupBy(tensor => tensor.DType).MaxBy(group => group.Sum(tensor => tensor.ByteLength))?.Key ?? DType.F32;
        return _newTensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(tensor =>
            new PlannedTensor.Computed(tensor.Name, _options.DType.Of(main), _targets[tensor.Name].Source, [], _targets[tensor.Name].ReplacedBy));
    }

    private ImmutableArray<ConfigChange> ConfigChanges()
    {
        if (_options.DType.Forced is null || _checkpoint.Config.File is null)
            return [];
        ImmutableArray<ConfigChange> stated = [.. _checkpoint.Config.DTypeFields().Select(field => new ConfigChange(field.Name, JsonValue.Create(_options.DType.ToString()), field.IsNested))];
        return stated.IsEmpty ? [new ConfigChange("torch_dtype", JsonValue.Create(_options.DType.ToString()))] : stated;
    }

    /// <summary>A tensor of the base that at least one adapter changes, while the plan is being made.</summary>
    private sealed class TargetTensor(StoredTensor source)
    {
        public StoredTensor Source { get; set; } = source;

        public int? ReplacedBy { get; set; }

        public List<PlannedDelta> Deltas { get; } = [];
    }
}
