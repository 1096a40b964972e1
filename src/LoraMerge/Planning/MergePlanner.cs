using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Changes;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Decides for each tensor of the base what the adapters make of it. Reads headers, never tensor bytes.</summary>
internal sealed class MergePlanner
{
    /// <summary>As many float64 numbers as a span of bytes can hold.</summary>
    private const long MostRowElements = int.MaxValue / sizeof(double);

    private readonly Checkpoint _checkpoint;
    private readonly ImmutableArray<(int Start, int End)> _replication;
    private readonly ImmutableArray<PlannedAdapter> _adapters;
    private readonly ImmutableArray<ModuleNames> _names;
    private readonly PlanDraft _draft;

    private MergePlanner(Checkpoint checkpoint, ImmutableArray<PlannedAdapter> adapters, PlanOptions options)
    {
        _replication = adapters.IsEmpty ? [] : adapters[0].Adapter.Config.LayerReplication;
        ThrowIfHeadIsMissing(checkpoint);
        _checkpoint = checkpoint = Replicate(checkpoint, adapters);
        _adapters = adapters = [.. adapters.Select(asked => asked with { Adapter = asked.Adapter.Own.Complete(asked.Adapter, checkpoint) })];
        Vocabulary vocabulary = Vocabulary.Of(checkpoint, hasHead: !adapters.Any(asked => IsHeadless(asked.Adapter.Config.TaskType)));
        _names = [.. adapters.Select(asked => NameChoice.Of(asked, checkpoint, vocabulary, options.AcceptsUnmatched))];
        vocabulary = VocabularyPlanner.Part(vocabulary, adapters.Zip(_names, (asked, names) => (asked.Adapter, names)), checkpoint);
        _draft = new PlanDraft(checkpoint, vocabulary, options);
        _draft.Notes.AddRange(checkpoint.Notes);
        if (LooseAdapter.In(checkpoint) is { } loose)
            _draft.Notes.Add(loose);
    }

    /// <exception cref="LoraMergeException">LORA1101, LORA2017, LORA3031, LORA3045, LORA3052, LORA4001 to LORA4032, LORA5030, LORA5031.</exception>
    public static MergePlan Plan(Checkpoint checkpoint, ImmutableArray<PlannedAdapter> adapters, PlanOptions options) =>
        new MergePlanner(checkpoint, adapters, options).Plan();

    private MergePlan Plan()
    {
        Combination combination = CombinationRules.Resolve(_draft.Options.Combination, _adapters, _draft.Notes);
        bool isSequential = combination.Way == CombinationWay.Sequential;
        VocabularyPlanner.AddParted(_draft);
        for (int i = 0; i < _adapters.Length; i++)
            Add(i, isSequential ? _adapters[i] : _adapters[i] with { Weight = 1 }, _names[i]); // a combination has its own use for weights
        if (!_adapters.IsEmpty)
            VocabularyPlanner.HoldCopies(_draft, _adapters[0].Adapter);
        if (_draft.IsEmpty && !_adapters.IsEmpty)
            throw Errors.NothingToMerge(_checkpoint.Path, _adapters.Select(a => a.Adapter.Path));
        if (!isSequential)
            _draft.Combine(new CombinationPlanner(combination, _adapters));
        VocabularyPlanner.ScaleHead(_draft);
        OutputDType dtype = _draft.Options.DType;
        ImmutableArray<PlannedTensor> newTensors = [.. _draft.NewTargets.Select(target => target.Plan(dtype))];
        ImmutableArray<PlannedShard> shards = ShardPlanner.Plan(_checkpoint, BaseTensors(), newTensors, _draft.Options.MaxShardSize);
        ThrowIfNotComputable(shards);
        WarnOfRounding(shards);
        bool hasIndex = shards.Length > 1 || _checkpoint.IndexFile is not null;
        ImmutableArray<Adapter> opened = [.. _adapters.Select(asked => asked.Adapter)];
        ImmutableArray<ConfigChange> changes =
        [
            .. VocabularyPlanner.ConfigChanges(_draft),
            .. LabelPlanner.ConfigChanges(_draft, opened),
            .. LayerReplication.ConfigChanges(_checkpoint.Config, _replication),
            .. DTypeChanges(),
            .. FormChanges(),
        ];
        bool keepsIndex = hasIndex && _checkpoint.IndexIsExact && !_checkpoint.IsPickled && newTensors.IsEmpty && changes.IsEmpty
            && (_checkpoint.Form is null || _draft.Options.KeepsQuantization)
            && _replication.IsEmpty && _draft.Options.MaxShardSize is null && dtype.Forced is null;
        ImmutableArray<SideFile> sideFiles = SideFileChoice.Of(_checkpoint, opened, _draft.Notes);
        VocabularyPlanner.WarnOfTokensBeyond(_draft, sideFiles);
        return new MergePlan(
            shards,
            hasIndex,
            keepsIndex ? _checkpoint.IndexFile : null,
            sideFiles,
            changes,
            [.. _names.Select(names => names.Name)],
            [.. _draft.Notes])
        {
            Combination = combination,
        };
    }

    /// <summary>Rows are worked on whole, in buffers of at most 2 GiB; factors are products of numbers of several files, each of them finite.</summary>
    private void ThrowIfNotComputable(IEnumerable<PlannedShard> shards)
    {
        foreach (PlannedTensor.Computed tensor in shards.SelectMany(shard => shard.Tensors).OfType<PlannedTensor.Computed>())
        {
            if ((Int128)tensor.RowLength * tensor.RowsTogether is var length && length > MostRowElements)
                throw Errors.RowTooLong(tensor.Source, length, MostRowElements);
            foreach (WeightChange change in tensor.Changes)
            {
                double infinite = FactorsOf(change).FirstOrDefault(factor => !double.IsFinite(factor));
                if (!double.IsFinite(infinite))
                    throw Errors.ScalingNotFinite(change.Module, infinite, _adapters[change.Adapter].Adapter.Path);
                if (change is CombinedChange combined && ElementsAtOnce(combined, tensor) is > int.MaxValue and long count)
                    throw Errors.TooManyElementsToCombine(combined.Method, tensor.Source, count);
            }
        }
    }

    private static IEnumerable<double> FactorsOf(WeightChange change) => change is CombinedChange combined
        ? combined.Sources.Select(source => source.Factors.Scaling) : [change.Factor];

    /// <summary>The most elements that a way looks at together; torch and its decompositions count by an int there.</summary>
    private static long ElementsAtOnce(CombinedChange change, PlannedTensor.Computed tensor) => change.Combination.Way switch
    {
        { NeedsWholeProducts: true } => tensor.Source.ElementCount,
        { Prunes: true } or { EndsInSvd: true } => change.Sources.Max(source => Math.Max(source.Factors.A.ElementCount, source.Factors.B.ElementCount)),
        _ => 0,
    };

    /// <summary>An index may name a head that no shard holds, but not where the family has one of its own.</summary>
    private static void ThrowIfHeadIsMissing(Checkpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        if (!checkpoint.IndexIsExact && config.TieWordEmbeddings is null && config.TextModelType is string family && !VocabularyNames.IsTiedByDefault(family))
            CheckpointIndex.Read(checkpoint.IndexFile!).Check(checkpoint.Shards, isTied: false);
    }

    /// <summary>Layers have their numbers in the trained model before any name is looked up.</summary>
    private Checkpoint Replicate(Checkpoint checkpoint, ImmutableArray<PlannedAdapter> adapters)
    {
        if (adapters.FirstOrDefault(asked => !asked.Adapter.Config.LayerReplication.SequenceEqual(_replication)) is { } other)
            throw Errors.LayersCannotReplicate(other.Adapter.Path, "the other adapters were trained on a model with other layers");
        if (_replication.IsEmpty)
            return checkpoint;
        return LayerReplication.Apply(checkpoint, _replication)
            ?? throw Errors.LayersCannotReplicate(adapters[0].Adapter.Path, $"the ranges do not fit the layers of '{checkpoint.Path}'");
    }

    /// <summary>Adds the changes of one adapter: what it holds whole, its products, its rows.</summary>
    private void Add(int index, PlannedAdapter asked, ModuleNames names)
    {
        (Adapter adapter, double weight) = asked;
        adapter.Dialect.ThrowIfBaseIsChanged(adapter, _checkpoint.Config);
        Warn(adapter, _adapters.Take(index).Select(other => other.Adapter.Name));
        WarnOfLostBiases(adapter, names);
        var by = new AppliedAdapter(adapter, index, weight, asked.ExpertLayout, _checkpoint, names.Apply, _draft.Notes);
        var saved = new SavedPlanner(_draft, by, names, i => _adapters[i].Adapter.Path);
        var modules = new ModulePlanner(_draft, by, names);
        foreach (SavedParameter parameter in adapter.Parameters)
            saved.Add(parameter);
        foreach (AdaptedModule module in adapter.Modules.Where(module => !IsSecondHalf(module, adapter, names)))
            modules.Add(module, names.Apply(module.Path));
        foreach (SavedRows rows in adapter.Rows)
            saved.Add(rows, names.Apply(rows.Module), VocabularyPlanner.HasRowsOfHead(_draft.Vocabulary, adapter, names));
    }

    /// <summary>The head's view of an adapter that serves both ends of a tied pair; the embedding's has been applied to both.</summary>
    private bool IsSecondHalf(AdaptedModule module, Adapter adapter, ModuleNames names) =>
        adapter.KeepsTies && _draft.Vocabulary.IsTied && names.Apply(module.Path) is var path && path != _draft.Vocabulary.Embedding
            && _draft.Vocabulary.IsMember(path)
        && adapter.Modules.Any(other => names.Apply(other.Path) == _draft.Vocabulary.Embedding);

    private void Warn(Adapter adapter, IEnumerable<string> earlier)
    {
        foreach (string field in adapter.Config.UnknownFields)
            _draft.Notes.Add(Notes.AdapterConfigFieldUnknown(field, adapter.Path));
        _draft.Notes.AddRange(adapter.Notes);
        _draft.Notes.AddRange(TrainedBase.Notes(adapter, _checkpoint, earlier));
        if (adapter.Config.KeepsTies && !adapter.KeepsTies && _draft.Vocabulary.IsTied)
            _draft.Notes.Add(Notes.TiedEndsDiffer(adapter.Path));
        if (!adapter.Ignored.IsEmpty)
            _draft.Notes.Add(Notes.TensorsIgnored(adapter.Ignored, adapter.Path));
    }

    /// <summary>Embedding and head stay as they are where other weights are rounded.</summary>
    private void WarnOfRounding(IEnumerable<PlannedShard> shards)
    {
        const string weight = ".weight";
        if (_checkpoint.Config.RoundsWeights && _checkpoint.Form is null
            && shards.SelectMany(shard => shard.Tensors).OfType<PlannedTensor.Computed>().FirstOrDefault(tensor => !tensor.Changes.IsEmpty
                && tensor.Source.Shape.Length == 2 && tensor.Name.EndsWith(weight, StringComparison.Ordinal)
                && !_draft.Vocabulary.IsMember(tensor.Name[..^weight.Length])) is { } rounded)
            _draft.Notes.Add(Notes.WeightsRoundedWhenRun(rounded.Name, _checkpoint.Path));
    }

    private void WarnOfLostBiases(Adapter adapter, ModuleNames names)
    {
        if (adapter.HasLostBiases
            && adapter.Modules.FirstOrDefault(module => _checkpoint.TryFind(names.Apply(module.Path) + ".bias", out _)) is AdaptedModule lost)
            _draft.Notes.Add(Notes.TrainedBiasesLost(lost.Path, adapter.Config.BiasMode, adapter.Path));
    }

    private IEnumerable<(string Shard, PlannedTensor Tensor)> BaseTensors()
    {
        for (int shard = 0; shard < _checkpoint.Shards.Length; shard++)
        {
            foreach (TensorSource source in _checkpoint.TensorsOf(shard))
                yield return (
                    _checkpoint.Shards[shard].FileName,
                    (_draft.Find(source.Name) ?? new TargetTensor(source.Name, source, source.ResultDType, isNew: false)).Plan(_draft.Options.DType)
                );
        }
    }

    private ImmutableArray<ConfigChange> DTypeChanges()
    {
        if (_draft.Options.DType.Forced is null || _checkpoint.Config.File is null)
            return [];
        var value = JsonValue.Create(_draft.Options.DType.ToString());
        ImmutableArray<ConfigChange> stated = [.. _checkpoint.Config.DTypeFields().Select(field => new ConfigChange(field.Name, value, field.Section))];
        return stated.IsEmpty ? [new ConfigChange("torch_dtype", value)] : stated;
    }

    /// <summary>A plain model says nothing of what it was stored as.</summary>
    private IEnumerable<ConfigChange> FormChanges() => _checkpoint.Form is null || _draft.Options.KeepsQuantization ? []
        : _checkpoint.Config.QuantizationFields().Select(field => ConfigChange.Removed(field.Name, field.Section));

    private static bool IsHeadless(string? taskType) => taskType is "SEQ_CLS" or "TOKEN_CLS" or "QUESTION_ANS" or "FEATURE_EXTRACTION";
}
