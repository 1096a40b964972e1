using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Miss;

/// <summary>The block of one module.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="BlockName">What messages call the block.</param>
/// <param name="Block">M.</param>
/// <param name="Form">What becomes of it.</param>
internal sealed record MissModule(string Path, string BlockName, StoredTensor Block, MissForm Form) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(BlockName, Block)];

    /// <summary>PEFT has it for linear layers only, whose weights are <c>[out, in]</c>.</summary>
    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        if (weight.Source.Shape is not [var outputs, var inputs] || weight.KnownTransposed == true)
            throw weight.Mismatch(this);
        bool fits = Form switch
        {
            MissForm.Mixed => outputs == Block.Shape[0] * Block.Shape[1] && inputs % Block.Shape[1] == 0,
            MissForm.Small => outputs % Block.Shape[1] == 0,
            _ => outputs == Block.Shape[1],
        };
        return fits ? [new MissChange(weight.Adapter, Path, Block, Form, weight.AdapterWeight)] : throw weight.Mismatch(this);
    }
}
