using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Plans the changes of one adapter's modules: finds the tensors, and asks the module what becomes of them.</summary>
internal sealed class ModulePlanner(PlanDraft draft, AppliedAdapter by, ModuleNames names)
{
    private readonly Adapter _adapter = by.Adapter;

    /// <param name="module">The module.</param>
    /// <param name="path">Its path in the base's files.</param>
    /// <exception cref="LoraMergeException">LORA3031, 4002, 4004 to 4006, 4021, 4022, 4025, 4027.</exception>
    public void Add(AdaptedModule module, string path)
    {
        if (module.ChangeTensors(by, path) is { } changes)
        {
            if (changes.IsEmpty)
                draft.LeaveOut(_adapter, module.Tensors[0].Tensor);
            foreach (TensorChange change in changes)
                draft.Target(change.Tensor, _adapter)!.Add(change.Change);
            return;
        }
        if ((!module.ChangesWeight || AddWeight(module, path)) && module.ChangesBias)
            AddBias(module, path);
    }

    /// <returns>Whether the base has the weight as a tensor of its own.</returns>
    private bool AddWeight(AdaptedModule module, string path)
    {
        IReadOnlyList<TargetTensor>? targets = draft.Targets(path, "weight", _adapter, VocabularyPlanner.ChangeOf(path, _adapter))
            ?? (draft.Target(path + ".in_proj_weight", _adapter) is TargetTensor attention ? [attention] : null);
        if (targets is null && FusedPart.Holder(path, draft.Checkpoint) is TensorSource fused)
        {
            AddPart(module, FusedPart.Find(path, draft.Checkpoint) ?? throw Errors.ExpertPlaceUnknown(module.Path, fused, _adapter.Path));
            return false;
        }
        if (targets is null)
        {
            AddParts(module);
            return false;
        }
        foreach (TargetTensor target in targets)
        {
            foreach (WeightChange change in module.ChangeWeight(Of(target)))
                target.Add(change);
        }
        return true;
    }

    /// <summary>A weight that the base stores within a larger tensor, for changes that need not see the weight alone.</summary>
    private void AddPart(AdaptedModule module, FusedPart part)
    {
        WeightChange[] changes = [.. module.ChangeWeight(new ModuleTarget(part.AsMatrix, by) { KnownTransposed = part.IsTransposed })];
        if (module.ChangesBias || !changes.All(change => change.CanBePart))
            throw Errors.PartNeedsPlainLora(module.Path, part.Tensor, _adapter.Path);
        TargetTensor target = draft.Target(part.Tensor.Name, _adapter)!;
        foreach (WeightChange change in changes)
            target.Add(new PartChange(change, part.Place));
    }

    /// <summary>A weight that is some rows of a larger tensor, or lies in several.</summary>
    private void AddParts(AdaptedModule module)
    {
        if (names.PartsOf(module.Path, "weight") is not WeightParts parts)
        {
            draft.LeaveOut(_adapter, module.Tensors[0].Tensor);
            return;
        }
        foreach (TensorChange change in PartPlanner.Changes(module, parts, by))
            draft.Target(change.Tensor, _adapter)!.Add(change.Change);
    }

    private void AddBias(AdaptedModule module, string path)
    {
        TargetTensor? target = draft.Target(path + ".bias", _adapter);
        if (target is null && module.NeedsBias is StoredTensor needed)
            throw Errors.BiasNotInBase(module.Path, needed, draft.Checkpoint.Path);
        foreach (WeightChange change in target is null ? [] : module.ChangeBias(Of(target)))
            target!.Add(change);
    }

    private ModuleTarget Of(TargetTensor target) => new(target.Source with { Name = target.Name }, by);
}
