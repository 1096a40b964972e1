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

    /// <summary>Whether small weights are decomposed in float32, as PEFT decomposes them whatever their dtype is.</summary>
    private bool IsOfFloat32 => Removed == BasePart.SmallestSingularValues;

    internal override long HeldBytes(WeightFacts weight) => Removed switch
    {
        BasePart.FirstColumns => FirstColumnsDelta.BytesOf(weight.RowCount, weight.RowLength, Rank),
        _ when IsDecomposedWhole(weight) => DecomposedBaseDelta.BytesOf(weight.RowCount, weight.RowLength, IsOfFloat32),
        _ => SingularPartDelta.BytesOf(weight.RowCount, weight.RowLength),
    };

    internal override WeightDelta Load(DeltaInputs inputs)
    {
        (long rows, long columns) = (inputs.Weight.RowCount, inputs.Weight.RowLength);
        bool isLargest = Removed == BasePart.LargestSingularValues;
        return Removed switch
        {
            BasePart.FirstColumns => new FirstColumnsDelta(rows, columns, Rank, Factor),
            _ when IsDecomposedWhole(inputs.Weight) => new DecomposedBaseDelta(rows, columns, Rank, isLargest, IsOfFloat32, Factor),
            _ => new SingularPartDelta(rows, columns, Rank, isLargest, Factor),
        };
    }

    private static bool IsDecomposedWhole(WeightFacts weight) => weight.ElementCount <= DecomposedBaseDelta.LargestElements;
}

/// <summary>A part of a base weight.</summary>
internal enum BasePart
{
    /// <summary>Its r largest singular values with their vectors (PiSSA).</summary>
    LargestSingularValues,

    /// <summary>Its r smallest singular values with their vectors (KaSA).</summary>
    SmallestSingularValues,

    /// <summary>The same, found in float64 (OSF, which trains them anew).</summary>
    ReplacedSingularValues,

    /// <summary>Its projection on its first r columns (OLoRA).</summary>
    FirstColumns,
}
