using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Hira;

/// <summary>W + c·W₀ ⊙ (B·A), with W₀ the weight before all adapters.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="A"><c>[r, in…]</c>.</param>
/// <param name="B"><c>[out, r…]</c>.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record HiraChange(int Adapter, string Module, StoredTensor A, StoredTensor B, bool IsTransposed, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "hira-transposed" : "hira";

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {A.RowCount}");

    internal override WeightDelta Load(DeltaInputs inputs) => HiraDelta.Load(this, inputs);
}
