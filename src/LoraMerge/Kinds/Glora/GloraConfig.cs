using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Glora;

/// <summary>Nothing decides the merge but the tensors, which tell the form of each term.</summary>
internal sealed record GloraConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) => new GloraModule(
        tensors.Name,
        GloraTerm.Read(tensors, GloraKind.A),
        GloraTerm.Read(tensors, GloraKind.B),
        GloraTerm.Read(tensors, GloraKind.C),
        GloraTerm.Read(tensors, GloraKind.D),
        GloraTerm.Read(tensors, GloraKind.E));
}
