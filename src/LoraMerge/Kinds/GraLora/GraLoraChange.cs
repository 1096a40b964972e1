using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.GraLora;

/// <summary>W with a product added to each of its blocks.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="A"><c>[k, in / k, r]</c>.</param>
/// <param name="B"><c>[k, r, out / k]</c>.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="Scaling">s of the module, times the weight of the adapter.</param>
internal sealed record GraLoraChange(int Adapter, string Module, StoredTensor A, StoredTensor B, bool IsTransposed, double Scaling)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "gralora-transposed" : "gralora";

    public override double Factor => Scaling;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {A.Shape[0]}·{A.Shape[0]} blocks, rank {A.Shape[2]}, scaling {Scaling}");

    internal override WeightDelta Load(DeltaInputs inputs) => GraLoraDelta.Of(inputs.Read(A), inputs.Read(B), IsTransposed, Scaling);
}
