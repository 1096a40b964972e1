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
        BasePart.SmallestSingularValues or BasePart.ReplacedSingularValues => "base-without-minor",
        _ => "base-without-qr",
    };

    public override double Factor => Scaling * AdapterWeight;

    internal override ChangeStage Stage => ChangeStage.Reduction;

    internal override bool SeesWholeFirst => true;

    public override string Describe(Func<int, string> adapterName) => string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {Rank}");

    internal override long HeldBytes(WeightFacts weight) => Removed switch
    {
        BasePart.FirstColumns => FirstColumnsDelta.BytesOf(weight.RowCount, weight.RowLength, Rank),
        _ when IsDecomposedWhole(weight) => TruncatedBaseDelta.BytesOf(weight.RowCount, weight.RowLength),
        _ => SingularPartDelta.BytesOf(weight.RowCount, weight.RowLength),
    };

    internal override WeightDelta Load(DeltaInputs inputs)
    {
        (long rows, long columns) = (inputs.Weight.RowCount, inputs.Weight.RowLength);
        return Removed switch
        {
            BasePart.FirstColumns => new FirstColumnsDelta(rows, columns, Rank, Factor),
            _ when IsDecomposedWhole(inputs.Weight) => new TruncatedBaseDelta(rows, columns, Rank, Removed == BasePart.ReplacedSingularValues, Factor),
            _ => new SingularPartDelta(rows, columns, Rank, Removed == BasePart.LargestSingularValues, Factor),
        };
    }

    private bool IsDecomposedWhole(WeightFacts weight) =>
        Removed is BasePart.SmallestSingularValues or BasePart.ReplacedSingularValues && weight.ElementCount <= TruncatedBaseDelta.LargestElements;
}

/// <summary>A part of a base weight.</summary>
internal enum BasePart
{
    /// <summary>Its r largest singular values with their vectors (PiSSA).</summary>
    LargestSingularValues,

    /// <summary>Its r smallest singular values with their vectors (KaSA).</summary>
    SmallestSingularValues,

    /// <summary>The same, of a base whose other part is kept as vectors (OSF).</summary>
    ReplacedSingularValues,

    /// <summary>Its projection on its first r columns (OLoRA).</summary>
    FirstColumns,
}
