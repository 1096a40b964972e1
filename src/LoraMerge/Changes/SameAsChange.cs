using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Diagnostics;

namespace LoraMerge.Changes;

/// <summary>W, which must be equal to these values: a second copy of a tensor that is used once.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Values">In W's shape.</param>
internal sealed record SameAsChange(int Adapter, string Module, StoredTensor Values) : WeightChange(Adapter, Module)
{
    /// <summary>Whether both are the base's, which ties them to one.</summary>
    public bool IsOfTie { get; init; }

    public override string Method => "same";

    public override double Factor => 0;

    internal override ChangeStage Stage => ChangeStage.Check;

    internal override WeightDelta Load(DeltaInputs inputs) =>
        new SameValuesDelta(Values, inputs.Files, IsOfTie ? Errors.TiedCopiesDiffer : Errors.CopiesDiffer);
}
