using System.Collections.Immutable;
using System.Text.Json;

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
        if (DeepStackLayersOf(config) is int layers && layers >= sizes["layers"])
            throw NotSayable("vision_config.deepstack_visual_indexes", Invariant($"{layers} layers"), "want more layers of text than these"); // else they abort
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Counts("rope.dimension_sections", ImageText.SectionsOf(config));
        keys.Count("n_deepstack_layers", DeepStackLayersOf(config));
    }

    /// <summary>Layers of the part for images whose vectors are added to the first layers of the text.</summary>
    private static int DeepStackLayersOf(HuggingFaceConfig config) =>
        config.Find("vision_config") is { ValueKind: JsonValueKind.Object } images
            && images.TryGetProperty("deepstack_visual_indexes", out JsonElement layers) && layers.ValueKind == JsonValueKind.Array
            ? layers.GetArrayLength() : 0;
}
