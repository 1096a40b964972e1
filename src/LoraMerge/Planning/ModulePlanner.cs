using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Plans the low-rank changes of one adapter's modules.</summary>
internal sealed class ModulePlanner(PlanDraft draft, int index, Adapter adapter, double weight)
{
    /// <summary>PEFT trains and merges the output projection of an adapted attention with its delta added twice.</summary>
    /// <remarks><c>MultiheadAttention.merge</c> adds it and then calls <c>out_proj.merge</c>, and the forward pass merges first; docs/peft-differences.md.</remarks>
    private const double AttentionOutputFactor = 2;

    /// <param name="module">The module.</param>
    /// <param name="path">Its path in the base's files.</param>
    /// <exception cref="LoraMergeException">LORA4002, 4004 to 4006, 4021, 4025, 4027.</exception>
    public void Add(AdapterModule module, string path)
    {
        IReadOnlyList<TargetTensor>? targets = draft.Targets(path, "weight", adapter, VocabularyPlanner.ChangeOf(path, adapter))
            ?? (draft.Target(path + ".in_proj_weight", adapter) is TargetTensor attention ? [attention] : null);
        if (targets is null && FusedPart.Holder(path, draft.Checkpoint) is StoredTensor fused)
        {
            AddPart(module, FusedPart.Find(path, draft.Checkpoint) ?? throw Errors.ExpertPlaceUnknown(module.Path, fused, adapter.Path));
            return;
        }
        if (targets is null)
        {
            draft.LeaveOut(adapter, module.A);
            return;
        }
        foreach (TargetTensor target in targets)
        {
            foreach (PlannedDelta delta in Deltas(module, target))
                target.Add(delta);
        }
        if (module.BBias is not null)
            AddBias(module, path);
    }

    /// <summary>A weight that the base stores within a larger tensor: plain products only, as what else is trained needs the weight alone.</summary>
    private void AddPart(AdapterModule module, FusedPart part)
    {
        if (module.Magnitude is not null || module.BBias is not null || Reduction(module, part.AsMatrix, 1) is not null)
            throw Errors.PartNeedsPlainLora(module.Path, part.Tensor, adapter.Path);
        if (!Orientation.Fits(module, part.AsMatrix, part.IsTransposed))
            throw Errors.ShapeMismatch(module, part.AsMatrix, adapter.Path);
        var product = new PlannedDelta.LowRank(index, module.Path, module.A, module.B, module.Scaling * weight, part.IsTransposed) { ABlocks = module.ABlocks, BBlocks = module.BBlocks };
        draft.Target(part.Tensor.Name, adapter)!.Add(new PlannedDelta.Part(index, module.Path, product, part.Place));
    }

    private IEnumerable<PlannedDelta> Deltas(AdapterModule module, TargetTensor target)
    {
        StoredTensor stored = target.Source with { Name = target.Name };
        bool isTransposed = Orientation.IsTransposed(module, stored, draft.Checkpoint.Config, adapter);
        double scaling = module.Scaling * (module.IsAttentionOutput ? AttentionOutputFactor : 1) / ScaleOfEmbedding(module);
        if (Reduction(module, stored, scaling) is PlannedDelta reduction)
            yield return reduction;
        var product = new PlannedDelta.LowRank(index, module.Path, module.A, module.B, module.Magnitude is null ? scaling * weight : scaling, isTransposed)
        {
            Diagonal = module.Diagonal,
            EnabledProjections = module.EnabledProjections,
            ABlocks = module.ABlocks,
            BBlocks = module.BBlocks,
        };
        if (module.Magnitude is not { } magnitude)
        {
            yield return product;
            yield break;
        }
        if (magnitude.ElementCount != (isTransposed ? stored.RowLength : stored.RowCount))
            throw Errors.MagnitudeMismatch(module, magnitude, stored, adapter.Path);
        yield return new PlannedDelta.Dora(index, module.Path, product, magnitude, isTransposed, weight)
        {
            HasNormOfStored = isTransposed && !module.IsEmbedding && stored.RowCount == stored.RowLength && TrainedWithNormOfStored(module),
        };
    }

    /// <summary>Where the file cannot tell, the rule of the releases since 0.11 holds.</summary>
    private bool TrainedWithNormOfStored(AdapterModule module)
    {
        bool? isOld = adapter.Config.Origin.Follows(PeftHistory.DoraNormOfStoredConv1D);
        if (isOld is null)
            draft.Notes.Add(Notes.DoraNormAmbiguous(module.Path, adapter.Config.Origin, adapter.Path));
        return isOld == true;
    }

    /// <summary>What training took from the base before it began. Only linear layers are reduced.</summary>
    private PlannedDelta.BaseReduced? Reduction(AdapterModule module, StoredTensor stored, double scaling)
    {
        if (module.IsEmbedding || stored.Shape.Length != 2)
            return null;
        int rank = checked((int)module.A.Shape[0]);
        return (module.Diagonal, adapter.Config.Initialisation) switch
        {
            (not null, _) => new PlannedDelta.BaseReduced(index, module.Path, BasePart.SmallestSingularValues, rank, 1, weight),
            (_, "pissa") => new PlannedDelta.BaseReduced(index, module.Path, BasePart.LargestSingularValues, rank, 1, weight),
            (_, "olora") => new PlannedDelta.BaseReduced(index, module.Path, BasePart.FirstColumns, rank, scaling, weight),
            _ => null,
        };
    }

    /// <summary>What the change is divided by, so that it acts as the release that trained it let it act.</summary>
    private double ScaleOfEmbedding(AdapterModule module)
    {
        double scale = EmbeddingScale.Of(module, draft.Checkpoint.Config);
        bool? isBehindFactor = adapter.Config.Origin.Follows(PeftHistory.EmbeddingDeltaUnscaled);
        if (scale == 1 || isBehindFactor == false)
            return 1;
        bool isDivided = isBehindFactor == true;
        if (!adapter.Config.Origin.IsAsked)
            draft.Notes.Add(Notes.EmbeddingScaleAssumed(module.Path, scale, isDivided, adapter.Config.Origin, adapter.Path));
        return isDivided ? scale : 1;
    }

    private void AddBias(AdapterModule module, string path)
    {
        StoredTensor bias = module.BBias!;
        TargetTensor target = draft.Target(path + ".bias", adapter) ?? throw Errors.BiasNotInBase(module.Path, bias, draft.Checkpoint.Path);
        if (!bias.Shape.AsSpan().SequenceEqual(target.Source.Shape.AsSpan()))
            throw Errors.SavedShapeMismatch(bias, target.Source, adapter.Path);
        target.Add(new PlannedDelta.Added(index, module.Path, bias, module.Scaling * weight));
    }
}
