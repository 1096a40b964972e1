using LoraMerge.Adapters;

namespace LoraMerge.Kinds.C3a;

/// <summary>Nothing decides the merge but the tensors: the shape of the kernel tells the size of its blocks.</summary>
internal sealed record C3aConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) => new C3aModule(tensors.Name, tensors.Needed(C3aKind.Kernel));
}
