using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.LoHa;

/// <summary>W + s·(B₁·A₁) ⊙ (B₂·A₂).</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Sides">Both products.</param>
/// <param name="Scaling">s of the module times the weight of the adapter.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
internal sealed record LoHaChange(int Adapter, string Module, HadamardSides Sides, double Scaling, bool IsTransposed) : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "loha-transposed" : "loha";

    public override double Factor => Scaling;

    internal override bool CanBePart => true;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {Sides.FirstA.Sides.Rows}, scaling {Scaling}");

    internal override WeightDelta Load(DeltaInputs inputs) =>
        new LoHaDelta(
            LowRankDelta.SidesOf(Sides.FirstA.Load(inputs), Sides.FirstB.Load(inputs), IsTransposed),
            LowRankDelta.SidesOf(Sides.SecondA.Load(inputs), Sides.SecondB.Load(inputs), IsTransposed),
            Scaling
        );
}
