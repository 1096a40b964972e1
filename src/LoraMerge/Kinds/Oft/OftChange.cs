using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Oft;

/// <summary>W with groups of inputs, or of outputs, rotated.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Form">Which formula.</param>
/// <param name="Blocks">The stored blocks.</param>
/// <param name="Factors">s, where the form has it.</param>
/// <param name="BlockSize">n.</param>
/// <param name="BlockCount">How many groups there are.</param>
/// <param name="Limit">The largest norm of a block, where it has one.</param>
/// <param name="SeriesTerms">Terms of Neumann's series; 0 for the inverse.</param>
/// <param name="HasFullLastTerm">Whether the last of them counts twice.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record OftChange(
    int Adapter,
    string Module,
    OftForm Form,
    StoredTensor Blocks,
    StoredTensor? Factors,
    long BlockSize,
    long BlockCount,
    double? Limit,
    int SeriesTerms,
    bool HasFullLastTerm,
    double AdapterWeight
) : WeightChange(Adapter, Module)
{
    public override string Method =>
        Form switch
        {
            OftForm.OutputBlocks => "oft-of-outputs",
            OftForm.ScaledBlocks => "oft-scaled",
            OftForm.Triangles => "oft",
            _ => "oft-embedding",
        };

    public override double Factor => AdapterWeight;

    internal override long RowsTogether => Form == OftForm.OutputBlocks ? BlockSize : 1;

    private long BlockBytes => checked(BlockCount * BlockSize * BlockSize * sizeof(double));

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {BlockCount} blocks of {BlockSize}");

    internal override long HeldBytes(WeightFacts weight) => BlockBytes;

    internal override long LoadingBytes(WeightFacts weight) => checked(5 * BlockBytes);

    internal override WeightDelta Load(DeltaInputs inputs) => OftRotation.Load(this, inputs);
}
