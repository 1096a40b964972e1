using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>W + s·values: what a file holds as it is added, such as the change of a bias.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Method">What the manifest calls it.</param>
/// <param name="Values">In W's shape.</param>
/// <param name="Scaling">s of the module times the weight of the adapter.</param>
internal sealed record AddedChange(int Adapter, string Module, string Method, StoredTensor Values, double Scaling) : WeightChange(Adapter, Module)
{
    public override string Method { get; } = Method;

    public override double Factor => Scaling;

    internal override WeightDelta Load(DeltaInputs inputs) => new AddedDelta(Values, inputs.Files, Scaling);
}
