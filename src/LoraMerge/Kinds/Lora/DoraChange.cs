using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Lora;

/// <summary>W + c·(DoRA(W) - W), where DoRA rescales each output of V = W + s·B·A to its trained magnitude.</summary>
/// <param name="Product">s·B·A; its scaling is the module's alone.</param>
/// <param name="Magnitude">One number for each row or column of W.</param>
/// <param name="IsByColumn">Whether outputs are columns of W: embeddings, and weights stored <c>[in, out]</c>.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record DoraChange(LowRankChange Product, StoredTensor Magnitude, bool IsByColumn, double AdapterWeight)
    : WeightChange(Product.Adapter, Product.Module)
{
    public override string Method => HasNormOfStored ? "dora-stored-norm" : Product.IsTransposed ? "dora-transposed" : "dora";

    /// <summary>
    /// Whether the norms are those of the weight as stored, plus s·B·A not turned round: what PEFT 0.9 and 0.10 trained on square GPT-2 projections.
    /// </summary>
    public bool HasNormOfStored { get; init; }

    public override double Factor => Product.Scaling * AdapterWeight;

    internal override long? DirectionCount => Product.DirectionCount;

    internal override bool SeesWholeFirst => IsByColumn;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {Product.A.Sides.Rows}, scaling {Product.Scaling}");

    internal override WeightDelta Load(DeltaInputs inputs) => new DoraDelta(
        Product.LoadProduct(inputs), inputs.ReadVector(Magnitude), IsByColumn, AdapterWeight, Module,
        HasNormOfStored ? (Product with { IsTransposed = false }).LoadProduct(inputs) : null);
}
