using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Plans the parameters and rows that one adapter holds whole.</summary>
/// <param name="draft">The plan so far.</param>
/// <param name="by">The adapter.</param>
/// <param name="names">Where its modules lie in the base's files.</param>
/// <param name="adapterPath">Path of an adapter by its number, for messages.</param>
internal sealed class SavedPlanner(PlanDraft draft, AppliedAdapter by, ModuleNames names, Func<int, string> adapterPath)
{
    private readonly Adapter _adapter = by.Adapter;
    private readonly int _index = by.Index;
    private readonly double _weight = by.Weight;

    /// <param name="saved">The parameter.</param>
    /// <exception cref="LoraMergeException">LORA4002, 4003, 4006, 4014, 4015, 4027.</exception>
    public void Add(SavedParameter saved)
    {
        string module = names.Apply(saved.Module, saved.Parameter);
        IReadOnlyList<TargetTensor>? targets = draft.Targets(module, saved.Parameter, _adapter, ChangeOf(saved, module));
        if (targets is null)
            AddElsewhere(saved, module);
        else
        {
            foreach (TargetTensor target in targets)
                Replace(target, saved, module);
            if (saved.IsBaseLayer && draft.Vocabulary.IsParted && draft.Vocabulary.IsMember(module))
                ResizeOtherEnds(saved.Tensor);
        }
    }

    /// <param name="rows">The rows.</param>
    /// <param name="module">The embedding's path in the base's files.</param>
    /// <param name="hasRowsOfHead">Whether the head of a tied pair has rows of its own; else it follows the embedding, row by row.</param>
    /// <exception cref="LoraMergeException">LORA3047, 4002, 4006, 4007, 4013.</exception>
    public void Add(SavedRows rows, string module, bool hasRowsOfHead)
    {
        CheckScale(rows, module);
        string? head = hasRowsOfHead ? draft.Vocabulary.Head : null;
        IReadOnlyList<TargetTensor>? targets = draft.Targets(module, "weight", _adapter, module == head ? VocabularyChange.OneEnd : VocabularyChange.AllEnds);
        if (targets is null)
            draft.LeaveOut(_adapter, rows.Rows);
        foreach (TargetTensor target in (targets ?? []).Where(target => module == head || target.Name != head + ".weight"))
            AddRows(target, rows);
    }

    /// <summary>The rows themselves are all that such a file holds; a model without the factor would need all others changed.</summary>
    private void CheckScale(SavedRows rows, string module)
    {
        double scale = EmbeddingScale.Of(draft.Checkpoint.Config, module);
        if (scale == 1 || VocabularyNames.IsHead(module))
            return;
        AdapterOrigin origin = _adapter.Config.Origin;
        switch (origin.Follows(PeftHistory.TrainedTokensWithoutScale))
        {
            case true:
                throw Errors.TrainedWithoutScale(rows.Module, scale, origin, _adapter.Path);
            case null:
                draft.Notes.Add(Notes.TrainedTokensScaleAssumed(rows.Module, scale, origin, _adapter.Path));
                break;
        }
    }

    /// <summary>A parameter that is no tensor of the base: fused experts that the base has one by one, one of those that it has fused, or a new head.</summary>
    private void AddElsewhere(SavedParameter saved, string module)
    {
        if (ExpertTensors.Find(module, saved.Parameter, draft.Checkpoint) is ExpertTensors experts)
            AddExperts(saved, module, experts);
        else if (saved.Parameter == "weight" && FusedPart.Holder(module, draft.Checkpoint) is TensorSource fused)
            AddPart(saved, FusedPart.Find(module, draft.Checkpoint) ?? throw Errors.ExpertPlaceUnknown(saved.Module, fused, _adapter.Path));
        else if (names.PartsOf(saved.Module, saved.Parameter) is WeightParts parts)
            AddParts(saved, parts);
        else
            AddNewOrAlike(saved, module);
    }

    /// <summary>Families whose files hold experts one by one fuse them output by input when they are loaded: gate above up.</summary>
    private void AddExperts(SavedParameter saved, string module, ExpertTensors experts)
    {
        ImmutableArray<long> shape = [experts.ExpertCount, experts.Height, experts.Width];
        if (!saved.Tensor.Shape.AsSpan().SequenceEqual(shape.AsSpan()))
            throw Errors.SavedShapeMismatch(saved.Tensor, saved.Tensor with { Name = $"{module}.{saved.Parameter}", Shape = shape }, _adapter.Path);
        foreach (ExpertTensors.Part part in experts.Parts)
            Replace(draft.Target(part.Name, _adapter)!, part.Expert is int expert
                ? saved with { Tensor = saved.Tensor.At(expert).Rows(part.FirstRow, part.RowCount) } : saved, module);
    }

    private void AddPart(SavedParameter saved, FusedPart part)
    {
        StoredTensor values = part.IsTransposed && saved.Tensor.Shape.Length == 2 ? saved.Tensor.Transposed() : saved.Tensor;
        if (!values.Shape.AsSpan().SequenceEqual(part.AsMatrix.Shape.AsSpan()))
            throw Errors.SavedShapeMismatch(values, part.AsMatrix, _adapter.Path);
        AddToShared(part.Tensor.Name, new PartChange(new MovedChange(_index, saved.Module, values, _weight), part.Place));
    }

    /// <summary>A parameter that is some rows of a larger tensor, or lies in several.</summary>
    private void AddParts(SavedParameter saved, WeightParts parts)
    {
        foreach (TensorChange change in PartPlanner.Changes(saved, parts, by))
            AddToShared(change.Tensor, change.Change);
    }

    /// <summary>Adds a change of a part of a tensor, of which this adapter may have changed other parts.</summary>
    private void AddToShared(string tensor, WeightChange change)
    {
        TargetTensor target = draft.Target(tensor, _adapter)!;
        if (target.FirstChangedBy is int other && other != _index)
            throw Errors.TensorReplacedTwice(target.Name, adapterPath(other), _adapter.Path);
        target.Add(change);
    }

    /// <summary>A saved embedding of a resized vocabulary that is no module to save of its own is all that share it.</summary>
    private VocabularyChange ChangeOf(SavedParameter saved, string module) =>
        saved.IsBaseLayer && !_adapter.KeepsTies ? VocabularyChange.OneEnd : VocabularyPlanner.ChangeOf(module, _adapter);

    private void Replace(TargetTensor target, SavedParameter saved, string module)
    {
        if (!saved.Tensor.Shape.AsSpan().SequenceEqual(target.Source.Shape.AsSpan())
            && !IsResize(target, saved.Tensor, module) && !IsOtherLabelCount(target, saved.Tensor, module))
            throw Errors.SavedShapeMismatch(saved.Tensor, target.Source, _adapter.Path);
        // A second copy of what this adapter brought already, or of the base that another one brought, is only looked at.
        bool isCopy = target.ReplacedBy == _index || (saved.Parameter == "weight" && saved.IsBaseLayer && target.FirstChangedBy is not null);
        if (isCopy)
            target.Add(new SameAsChange(_index, saved.Module, saved.Tensor));
        else if (target.FirstChangedBy is int other)
            throw Errors.TensorReplacedTwice(target.Name, adapterPath(other), _adapter.Path);
        else if (_weight == 1 || (saved.IsBaseLayer && saved.Parameter == "weight"))
            target.Replace(saved.Tensor, _index, isBase: saved.IsBaseLayer && saved.Parameter == "weight");
        else
            target.Add(new MovedChange(_index, saved.Module, saved.Tensor, _weight));
    }

    /// <summary>The base of one adapted end is the base of all: a resized one is where ends start from that the adapter does not hold.</summary>
    private void ResizeOtherEnds(TensorSource shared)
    {
        foreach (string member in draft.Vocabulary.Members)
        {
            TargetTensor target = draft.Target(member + ".weight", _adapter)!;
            if (target.FirstChangedBy is null && target.Source.RowCount != shared.RowCount)
                target.Replace(shared, _index, isBase: true);
        }
    }

    /// <summary>Another number of tokens, with the same width.</summary>
    private bool IsResize(TargetTensor target, StoredTensor saved, string module) =>
        target.ReplacedBy is null && (module == draft.Vocabulary.Head || draft.Vocabulary.IsMember(module))
        && saved.Shape.AsSpan()[1..].SequenceEqual(target.Source.Shape.AsSpan()[1..]) && HasNoWeight(saved);

    /// <summary>A classifier that was trained for another number of labels takes the place of the base's.</summary>
    private bool IsOtherLabelCount(TargetTensor target, StoredTensor saved, string module) =>
        LabelPlanner.IsOtherLabelCount(target, saved, module, _adapter, draft.Checkpoint.Config) && HasNoWeight(saved);

    /// <exception cref="LoraMergeException">LORA4015: a tensor that the base has in another form cannot be moved by a share.</exception>
    private bool HasNoWeight(StoredTensor saved) => _weight == 1 ? true : throw Errors.NewTensorWithWeight(saved, _weight);

    /// <summary>What the base has under no name that is known: a tensor that it has all the same, else a new one.</summary>
    /// <remarks>A trained copy beside the untrained tensor would be loaded by nobody.</remarks>
    private void AddNewOrAlike(SavedParameter saved, string module)
    {
        TensorSource[] alike = [.. Alike(saved)];
        if (alike.Length > 1)
            throw Errors.SavedPlaceAmbiguous(saved, alike, _adapter.Path);
        if (alike is [var only])
            Replace(draft.Target(only.Name, _adapter)!, saved, only.Name[..^(saved.Parameter.Length + 1)]);
        else
            AddNew(saved, $"{module}.{saved.Parameter}");
    }

    /// <summary>Tensors of the base that nothing changes and that end as the saved one does, from the trained module on, in its shape; for a head over the
    /// vocabulary, the base's own.</summary>
    private IEnumerable<TensorSource> Alike(SavedParameter saved)
    {
        string name = $"{saved.Module}.{saved.Parameter}";
        if (VocabularyNames.IsHead(saved.Module) && draft.Vocabulary.Head is string head
            && draft.Checkpoint.TryFind($"{head}.{saved.Parameter}", out TensorSource? stored))
            return [stored];
        string tail = "." + name[SavedModules.StartOf(saved.Module, _adapter.Config)..];
        return draft.Checkpoint.Tensors.Where(tensor =>
            $".{tensor.Name}".EndsWith(tail, StringComparison.Ordinal) && tensor.Shape.AsSpan().SequenceEqual(saved.Tensor.Shape.AsSpan())
                && draft.Find(tensor.Name) is null);
    }

    /// <summary>A head that the base does not have, such as a classifier: a new tensor, if the adapter says that it trained such a module.</summary>
    private void AddNew(SavedParameter saved, string name)
    {
        if (!SavedModules.IsNamed(saved.Module, _adapter.Config))
        {
            draft.LeaveOut(_adapter, saved.Tensor);
            return;
        }
        if (_weight != 1)
            throw Errors.NewTensorWithWeight(saved.Tensor, _weight);
        if (draft.Find(name) is TargetTensor earlier)
            throw Errors.TensorReplacedTwice(name, adapterPath(earlier.ReplacedBy!.Value), _adapter.Path);
        if (!SavedModules.IsKnownHead(saved.Module))
            draft.Notes.Add(Notes.TensorIsNew(name, NearestModule.Hint(saved.Module, saved.Module, draft.Checkpoint), _adapter.Path, draft.Checkpoint.Name));
        draft.AddNew(name, saved.Tensor).Replace(saved.Tensor, _index);
    }

    private void AddRows(TargetTensor target, SavedRows rows)
    {
        TensorSource stored = target.Source;
        if (stored.Shape.Length != 2 || stored.Shape[1] != rows.Rows.Shape[1])
            throw Errors.SavedShapeMismatch(rows.Rows, stored, _adapter.Path);
        foreach (long token in rows.Indices)
        {
            if (token < 0 || token >= stored.Shape[0])
                throw Errors.TokenOutsideVocabulary(token, rows.Module, stored, _adapter.Path);
        }
        long shared = target.Changes.OfType<RowsChange>().SelectMany(change => change.Indices).Intersect(rows.Indices).DefaultIfEmpty(-1).First();
        if (shared >= 0)
            throw Errors.TokenTrainedTwice(rows.Module, shared, _adapter.Path);
        target.Add(new RowsChange(_index, rows.Module, rows.Rows, rows.Indices, _weight));
    }
}
