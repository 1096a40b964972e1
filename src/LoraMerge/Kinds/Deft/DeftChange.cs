using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Deft;

/// <summary>W + c·Q·(s·R - Kᵀ·W₀), with W₀ the weight before all adapters.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Directions">P, <c>[out, r]</c>.</param>
/// <param name="Replacement">R, <c>[r, in]</c>; null for none.</param>
/// <param name="IsOrthogonal">Whether Q and K are P made orthonormal; else Q is P, and K is P without what is below zero.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="Scaling">s.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record DeftChange(
    int Adapter,
    string Module,
    StoredTensor Directions,
    StoredTensor? Replacement,
    bool IsOrthogonal,
    bool IsTransposed,
    double Scaling,
    double AdapterWeight
) : WeightChange(Adapter, Module)
{
    public override string Method => (Replacement is null ? "para" : "deft") + (IsOrthogonal ? "-qr" : "-relu") + (IsTransposed ? "-transposed" : "");

    public override double Factor => AdapterWeight;

    internal override bool SeesWholeFirst => true;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {Directions.RowLength}, scaling {Scaling}");

    internal override WeightDelta Load(DeltaInputs inputs) => new DeftDelta(this, inputs);
}
