using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Miss;

/// <summary>W with a block repeated over it, or mixed by blocks.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Block">M.</param>
/// <param name="Form">What becomes of it.</param>
/// <param name="AdapterWeight">Weight of the adapter.</param>
internal sealed record MissChange(int Adapter, string Module, StoredTensor Block, MissForm Form, double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => Form switch { MissForm.Mixed => "miss-bat", MissForm.Small => "miss-mini", _ => "miss" };

    public override double Factor => AdapterWeight;

    internal override bool CanBePart => Form != MissForm.Mixed;

    /// <summary>The rows that one block mixes are multiplied at once, so that blocks of the merge do not show in the bits.</summary>
    internal override long RowsTogether => Form == MissForm.Mixed ? Block.Shape[1] : 1;

    internal override WeightDelta Load(DeltaInputs inputs) => Form == MissForm.Mixed
        ? new MixedBlocksDelta(inputs.Read(Block), AdapterWeight)
        : new RepeatedBlockDelta(inputs.Read(Block), inputs.Weight.RowLength, AdapterWeight);
}
