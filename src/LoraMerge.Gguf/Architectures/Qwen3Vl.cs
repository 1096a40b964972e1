using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3 VL, the part for text, that for images left out.</summary>
internal sealed class Qwen3Vl : Qwen3
{
    public override string Name => "qwen3vl";

    public override ImmutableArray<string> Classes => ["Qwen3VLForConditionalGeneration"];

    /// <summary>Positions of a text are the same in all sections of a head, which is what makes rope of images the usual one.</summary>
    protected override string[] RopeKinds => ["mrope", "yarn"];

    public override bool CanRestore => false;

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckDeepStack(config, sizes);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeImages(config, keys);
    }

    /// <summary>What readers of the part for text have to know of that for images.</summary>
    public static void DescribeImages(HuggingFaceConfig config, Keys keys)
    {
        keys.Counts("rope.dimension_sections", ImageText.SectionsOf(config));
        keys.Count("n_deepstack_layers", ImageText.DeepStackLayersOf(config));
    }
}
