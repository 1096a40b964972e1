using System.Globalization;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>W - c·(a part of the base that training took away before it began): the base that the adapter was trained on.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Removed">Which part.</param>
/// <param name="Rank">How many components.</param>
/// <param name="Scaling">s of the module, which OLoRA multiplies the part with; 1 for the others.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record ReducedBaseChange(int Adapter, string Module, BasePart Removed, int Rank, double Scaling, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => Removed switch
    {
        BasePart.LargestSingularValues => "base-without-principal",
        BasePart.SmallestSingularValues => "base-without-minor",
        _ => "base-without-qr",
    };

    public override double Factor => Scaling * AdapterWeight;

    internal override ChangeStage Stage => ChangeStage.Reduction;

    internal override bool SeesWholeFirst => true;

    public override string Describe(Func<int, string> adapterName) => string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {Rank}");

    internal override long HeldBytes(WeightFacts weight) => Removed == BasePart.FirstColumns
        ? FirstColumnsDelta.BytesOf(weight.RowCount, weight.RowLength, Rank)
        : SingularPartDelta.BytesOf(weight.RowCount, weight.RowLength);

    internal override WeightDelta Load(DeltaInputs inputs) => Removed == BasePart.FirstColumns
        ? new FirstColumnsDelta(inputs.Weight.RowCount, inputs.Weight.RowLength, Rank, Factor)
        : new SingularPartDelta(inputs.Weight.RowCount, inputs.Weight.RowLength, Rank, Removed == BasePart.LargestSingularValues, Factor);
}

/// <summary>A part of a base weight.</summary>
internal enum BasePart
{
    /// <summary>Its r largest singular values with their vectors (PiSSA).</summary>
    LargestSingularValues,

    /// <summary>Its r smallest singular values with their vectors (KaSA).</summary>
    SmallestSingularValues,

    /// <summary>Its projection on its first r columns (OLoRA).</summary>
    FirstColumns,
}
