using System.Globalization;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>k·W: a head that parts from an embedding whose tie made the model scale what comes into the head.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Factor">k.</param>
internal sealed record ScaledChange(int Adapter, string Module, double Factor) : WeightChange(Adapter, Module)
{
    public override string Method => "scaled";

    public override double Factor { get; } = Factor;

    public override string Describe(Func<int, string> adapterName) => string.Create(CultureInfo.InvariantCulture, $"times {Factor}");

    internal override WeightDelta Load(DeltaInputs inputs) => new ScaledDelta(Factor);
}
