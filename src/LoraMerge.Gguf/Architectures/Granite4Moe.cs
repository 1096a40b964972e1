namespace LoraMerge.Gguf.Architectures;

/// <summary>Granite 4 with attention in all layers, and experts.</summary>
internal sealed class Granite4Moe : GraniteHybrid
{
    public override string Name => "granitemoe";

    public override bool Takes(HuggingFaceConfig config) => config.Classes.Any(HasClass) && AllAttend(config) && HasExperts(config);
}
