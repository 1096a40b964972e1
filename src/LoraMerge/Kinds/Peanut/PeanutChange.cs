using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Peanut;

/// <summary>W + s·B·g(A·W₀), where g is the network between A and B and W₀ the weight before all adapters.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="A"><c>[r, out]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Layers">Encoders and then as many decoders, <c>[r, r]</c>.</param>
/// <param name="Activation">Name of the function between layers.</param>
/// <param name="Scaling">s of the module, times the weight of the adapter.</param>
internal sealed record PeanutChange(
    int Adapter,
    string Module,
    StoredTensor A,
    StoredTensor B,
    ImmutableArray<StoredTensor> Layers,
    string Activation,
    double Scaling
) : WeightChange(Adapter, Module)
{
    public override string Method => "peanut";

    public override double Factor => Scaling;

    internal override bool SeesWholeFirst => true;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{base.Describe(adapterName)}, rank {A.RowCount}, depth {Layers.Length / 2}, {Activation}, scaling {Scaling}"
        );

    internal override WeightDelta Load(DeltaInputs inputs) => new PeanutDelta(this, inputs);
}
