using System.Globalization;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>W + s·B·A; transposed: W + s·(B·A)ᵀ for weights that are stored <c>[in, out]</c>.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Name">What the manifest calls the kind of change.</param>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Scaling">Scaling of the module times the weight of the adapter.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
internal sealed record LowRankChange(int Adapter, string Module, string Name, LowRankFactor A, LowRankFactor B, double Scaling, bool IsTransposed)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? Name + "-transposed" : Name;

    public override double Factor => Scaling;

    internal override bool CanBePart => true;

    internal override long? DirectionCount => A.Sides.Rows;

    internal override LowRankForm? LowRank => A is StoredFactor a && B is StoredFactor b ? new LowRankForm(a.Stored, b.Stored, Scaling, IsTransposed) : null;

    internal override WeightChange? OfRows(long first, long count) => IsTransposed ? null
        : this with { B = B is StoredFactor b ? new StoredFactor(b.Stored.Rows(first, count)) : new RowsFactor(B, first, count) };

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {A.Sides.Rows}, scaling {Scaling}");

    internal override long HeldBytes(WeightFacts weight) => A.HeldBytes + B.HeldBytes;

    internal override WeightDelta Load(DeltaInputs inputs) => LoadProduct(inputs);

    /// <summary>The product alone, for a change that is put around it.</summary>
    internal LowRankDelta LoadProduct(DeltaInputs inputs) => LowRankDelta.Of(A.Load(inputs), B.Load(inputs), Scaling, IsTransposed);
}
