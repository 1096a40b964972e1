using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>The A and B of one module, with what else was trained beside them.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="StoredA">A as the file has it: <c>[r, in]</c>; convolutions <c>[r, in, k…]</c>.</param>
/// <param name="StoredB">B as the file has it: <c>[out, r]</c>; convolutions <c>[out, r, 1…]</c>.</param>
/// <param name="A">The same as a factor, with what is put around it.</param>
/// <param name="B">The same.</param>
/// <param name="Rank">r, of each of several fused projections.</param>
/// <param name="Scaling">alpha/r, or alpha/sqrt(r) with rsLoRA.</param>
internal sealed record LoraModule(string Path, StoredTensor StoredA, StoredTensor StoredB, LowRankFactor A, LowRankFactor B, int Rank, double Scaling)
    : AdaptedModule(Path)
{
    /// <summary>PEFT trains and merges the output projection of an adapted attention with its delta added twice.</summary>
    /// <remarks>
    /// <c>MultiheadAttention.merge</c> adds it and then calls <c>out_proj.merge</c>, and the forward pass merges first; docs/peft-differences.md.
    /// </remarks>
    private const double AttentionOutputFactor = 2;

    /// <summary>
    /// Whether the pair is <c>lora_embedding_A</c> <c>[r, vocabulary]</c> and <c>lora_embedding_B</c> <c>[dim, r]</c>, whose product is transposed.
    /// </summary>
    public bool IsEmbedding { get; init; }

    /// <summary>Trained bias of B, <c>[out]</c>, or null.</summary>
    public StoredTensor? BBias { get; init; }

    /// <summary>Trained magnitudes of DoRA: one for each output, for each dimension of an embedding; null without DoRA.</summary>
    public StoredTensor? Magnitude { get; init; }

    /// <summary>What training took from the weight before it began; null for nothing.</summary>
    public BasePart? Removed { get; init; }

    /// <summary>Whether this is the output projection inside an adapted <c>nn.MultiheadAttention</c>.</summary>
    public bool IsAttentionOutput { get; init; }

    /// <summary>Who trained it: some have an order of their own for rows.</summary>
    public LoraTrainer Trainer { get; init; }

    /// <summary>Whether B has rows for some of the projections alone that the weight fuses.</summary>
    public bool HasFusedProjections => B is FusedProjectionsFactor or DiagonalFactor { B: FusedProjectionsFactor };

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("lora_A", StoredA), ("lora_B", StoredB)];

    internal override StoredTensor? NeedsBias => BBias;

    internal override bool IsSameChangeFromHead(AdaptedModule embedding) =>
        embedding is LoraModule { IsEmbedding: true, Magnitude: null } other && Magnitude is null && Scaling == other.Scaling
        && TiedEnds.HaveSameValues(StoredA, other.StoredB.Transposed()) && TiedEnds.HaveSameValues(StoredB, other.StoredA.Transposed());

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool isTransposed = IsTransposed(weight);
        double scaling = Scaling * (IsAttentionOutput ? AttentionOutputFactor : 1) / ScaleOfEmbedding(weight);
        // Only linear layers are reduced.
        if (Removed is BasePart removed && !IsEmbedding && weight.Source.Shape.Length == 2)
            yield return new ReducedBaseChange(
                weight.Adapter,
                Path,
                removed,
                checked((int)A.Sides.Rows),
                removed == BasePart.FirstColumns ? scaling : 1,
                weight.AdapterWeight
            );
        (LowRankFactor b, StoredTensor? magnitude) = InOrder(weight);
        var product = new LowRankChange(weight.Adapter, Path, "lora", A, b, Magnitude is null ? scaling * weight.AdapterWeight : scaling, isTransposed);
        if (magnitude is null)
        {
            yield return product;
            yield break;
        }
        if (magnitude.ElementCount != (isTransposed ? weight.Source.RowLength : weight.Source.RowCount))
            throw LoraErrors.MagnitudeMismatch(this, magnitude, weight.Source, weight.By.Adapter.Path);
        yield return new DoraChange(product, magnitude, isTransposed, weight.AdapterWeight)
        {
            HasNormOfStored = isTransposed && !IsEmbedding && weight.Source.RowCount == weight.Source.RowLength && TrainedWithNormOfStored(weight.By),
        };
    }

    internal override IEnumerable<WeightChange> ChangeBias(ModuleTarget bias)
    {
        if (!BBias!.Shape.AsSpan().SequenceEqual(bias.Source.Shape.AsSpan()))
            throw Errors.SavedShapeMismatch(BBias, bias.Source, bias.By.Adapter.Path);
        return [new AddedChange(bias.Adapter, Path, "lora-bias", BBias, Scaling * bias.AdapterWeight)];
    }

    /// <summary>B and magnitudes in the order of the base's rows.</summary>
    private (LowRankFactor B, StoredTensor? Magnitude) InOrder(ModuleTarget weight)
    {
        if (HalvesInTurns.Are(Trainer, Path, weight.By.Base) && StoredB.Shape is [var outputs, _] && outputs % 2 == 0)
        {
            weight.By.Note(LoraNotes.HalvesPutInTurns(weight.By.Adapter.Path));
            return (new SortedRowsFactor(HalvesInTurns.OfRows(StoredB)), Magnitude);
        }
        if (Trainer != LoraTrainer.Torchtune || !TorchtuneRows.Concern(Path) || StoredB.Shape.Length != 2)
            return (B, Magnitude);
        bool areOfB = TorchtuneRows.AreOfB(weight);
        if (!areOfB && Magnitude?.ElementCount != StoredB.RowCount)
            return (B, Magnitude);
        TorchtuneRows? rows = TorchtuneRows.Of(Path, StoredB.RowCount, weight);
        weight.By.Note(LoraNotes.RowsSortedByTorchtune(areOfB, rows is not null, weight.By.Adapter.Path));
        if (rows is null)
            return (B, Magnitude);
        return areOfB ? (new SortedRowsFactor(rows.PutBack(StoredB)), Magnitude) : (B, rows.Sorted(Magnitude!));
    }

    private bool IsTransposed(ModuleTarget target)
    {
        TensorSource weight = target.Source;
        if (IsEmbedding)
            return FitsTransposed(weight) ? true : throw target.Mismatch(this);
        if (
            weight.Shape.Length > 2
            && StoredA.Shape.Length == weight.Shape.Length
            && StoredA.Shape[1] > weight.Shape[1]
            && StoredA.Shape[1] % weight.Shape[1] == 0
        )
            throw Errors.GroupedConvolution(this, weight, target.By.Adapter.Path);
        return target.IsTransposed(this, Fits(weight), FitsTransposed(weight));
    }

    /// <summary>A and B of linear layers, and of convolutions, whose kernels lie in A.</summary>
    private bool Fits(TensorSource weight) =>
        weight.Shape.Length >= 2
        && StoredA.Shape.Length == weight.Shape.Length
        && B.Sides.Rows == weight.Shape[0]
        && A.Sides.Columns == weight.RowLength
        && StoredA.Shape.AsSpan()[2..].SequenceEqual(weight.Shape.AsSpan()[2..])
        && StoredB.Shape.Skip(2).All(side => side == 1);

    private bool FitsTransposed(TensorSource weight) =>
        weight.Shape.Length == 2
        && StoredA.Shape.Length == 2
        && StoredB.Shape.Length == 2
        && A.Sides.Columns == weight.Shape[0]
        && B.Sides.Rows == weight.Shape[1];

    /// <summary>Where the file cannot tell, the rule of the releases since 0.11 holds.</summary>
    private bool TrainedWithNormOfStored(AppliedAdapter by)
    {
        bool? isOld = by.Origin.Follows(LoraHistory.DoraNormOfStoredConv1D);
        if (isOld is null)
            by.Notes.Add(LoraNotes.DoraNormAmbiguous(Path, by.Origin, by.Adapter.Path));
        return isOld == true;
    }

    /// <summary>What the change is divided by, so that it acts as the release that trained it let it act.</summary>
    private double ScaleOfEmbedding(ModuleTarget weight)
    {
        AppliedAdapter by = weight.By;
        double scale = IsEmbedding ? EmbeddingScale.Of(by.Base.Config, weight.Source.Name) : 1;
        bool? isBehindFactor = by.Origin.Follows(LoraHistory.EmbeddingDeltaUnscaled);
        if (scale == 1 || isBehindFactor == false)
            return 1;
        bool isDivided = isBehindFactor == true;
        if (!by.Origin.IsAsked)
            by.Notes.Add(LoraNotes.EmbeddingScaleAssumed(Path, scale, isDivided, by.Origin, by.Adapter.Path));
        return isDivided ? scale : 1;
    }
}
