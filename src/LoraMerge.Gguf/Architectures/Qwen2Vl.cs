using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 2 VL and 2.5 VL, the part for text, that for images left out.</summary>
internal sealed class Qwen2Vl : Qwen2
{
    public override string Name => "qwen2vl";

    public override ImmutableArray<string> Classes => ["Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"];

    public override bool SaysPooling => false;

    /// <summary>Positions of a text are the same in all sections of a head, which is what makes rope of images the usual one.</summary>
    protected override string[] RopeKinds => ["mrope", "yarn"];

    public override bool CanRestore => false;

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Counts("rope.dimension_sections", ImageText.SectionsOf(config));
    }
}
