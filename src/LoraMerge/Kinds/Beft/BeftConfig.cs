using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Beft;

/// <summary>Nothing decides the merge but the tensors.</summary>
internal sealed record BeftConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) => new BeftModule(tensors.Name, tensors.Needed(BeftKind.Bias));
}
