using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

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
    int Adapter, string Module, OftForm Form, StoredTensor Blocks, StoredTensor? Factors, long BlockSize, long BlockCount, double? Limit, int SeriesTerms, bool HasFullLastTerm, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => Form switch { OftForm.OutputBlocks => "oft-of-outputs", OftForm.ScaledBlocks => "oft-scaled", OftForm.Triangles => "oft", _ => "oft-embedding" };

    public override double Factor => AdapterWeight;

    internal override long RowsTogether => Form == OftForm.OutputBlocks ? BlockSize : 1;

    private long BlockBytes => checked(BlockCount * BlockSize * BlockSize * sizeof(double));

    public override string Describe(Func<int, string> adapterName) => string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {BlockCount} blocks of {BlockSize}");

    internal override long HeldBytes(WeightFacts weight) => BlockBytes;

    internal override long LoadingBytes(WeightFacts weight) => checked(5 * BlockBytes);

    internal override WeightDelta Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor stored = inputs.Read(Blocks).to(ScalarType.Float64);
        Tensor rotations = OftRotation.Of(Form, stored, BlockSize, Limit, SeriesTerms, HasFullLastTerm).expand(BlockCount, BlockSize, BlockSize);
        Tensor blocks = (Form == OftForm.EmbeddingTriangles ? rotations : rotations.transpose(1, 2)).contiguous();
        WeightDelta delta = Form == OftForm.OutputBlocks
            ? new OutputRotationDelta(blocks.DetachFromDisposeScope())
            : new RotationDelta([new RotationStep(blocks.DetachFromDisposeScope())], Factors is null ? null : inputs.Read(Factors).flatten().to(ScalarType.Float64).DetachFromDisposeScope());
        return new WeightedDelta(delta, AdapterWeight, RowsTogether);
    }
}
