using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.C3a;

/// <summary>W with circulant blocks added.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Kernel"><c>[out / n, in / n, n]</c>.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record C3aChange(int Adapter, string Module, StoredTensor Kernel, double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => "c3a";

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, blocks of {Kernel.Shape[2]}");

    internal override long HeldBytes(WeightFacts weight) => checked(Kernel.ElementCount * weight.BufferElementBytes);

    internal override long LoadingBytes(WeightFacts weight) => HeldBytes(weight);

    internal override WeightDelta Load(DeltaInputs inputs) => new C3aDelta(inputs.Read(Kernel), AdapterWeight);
}
