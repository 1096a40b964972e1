namespace LoraMerge.Gguf.Architectures;

/// <summary>Granite 4 with attention in all layers and no experts: the tensors of its kin with the name and the readers of Granite 3.</summary>
internal sealed class Granite4 : GraniteHybrid
{
    public override string Name => "granite";

    public override bool Takes(HuggingFaceConfig config) => config.Classes.Any(HasClass) && AllAttend(config) && !HasExperts(config);
}
