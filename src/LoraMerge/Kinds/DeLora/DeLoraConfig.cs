using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.DeLora;

/// <summary>Nothing decides the merge but the tensors: the length is trained, and ranks are theirs.</summary>
internal sealed record DeLoraConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        var module = new DeLoraModule(
            tensors.Name, tensors.Needed(DeLoraKind.A), tensors.Needed(DeLoraKind.B), tensors.Needed(DeLoraKind.Length), tensors.Needed(DeLoraKind.InputNorms));
        return module.A.Shape[0] == module.B.Shape[1] && module.Length.ElementCount == 1 && module.InputNorms.ElementCount == module.A.Shape[1]
            ? module
            : throw Errors.TensorsDoNotFit(
                module.Path,
                [module.A, module.B, module.Length, module.InputNorms],
                "A and B must have one rank, and there must be one length and one norm for each input"
            );
    }
}
