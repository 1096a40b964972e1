using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Osf;

/// <summary>Nothing decides the merge but the tensors: how many directions they have tells how many of the base stay.</summary>
internal sealed record OsfConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor u = tensors.Needed(OsfKind.U), s = tensors.Needed(OsfKind.S), v = tensors.Needed(OsfKind.V);
        return u.Shape[1] == s.ElementCount && v.Shape[0] == s.ElementCount
            ? new OsfModule(tensors.Name, u, s, v)
            : throw Errors.TensorsDoNotFit(tensors.Name, [u, s, v], "all three must have one number of directions");
    }
}
