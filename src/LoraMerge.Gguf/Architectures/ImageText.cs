using System.Text.Json;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// Models that read images too: the names of their part for text, which have moved over the years, and of what readers take from another file.
/// </summary>
internal static class ImageText
{
    private const string Model = "model.";

    private static readonly string[] s_ofImages =
        ["vision_tower.", "multi_modal_projector.", "visual.", "vision_model.", "audio_tower.", "embed_vision.", "embed_audio."];

    /// <summary>Names that a tensor of the part for text may have.</summary>
    public static IEnumerable<string> Spellings(string source) => source.StartsWith(Model, StringComparison.Ordinal)
        ? [source, $"language_model.{source}", $"model.language_model.{source[Model.Length..]}"]
        : [source, $"language_model.{source}"];

    /// <summary>How many of a head's frequencies turn by time, height and width of an image; four numbers, as readers want them.</summary>
    public static IEnumerable<long> SectionsOf(HuggingFaceConfig config) =>
        RopeScaling.Of(config).Reals("mrope_section").Select(count => (long)count).Concat([0, 0, 0, 0]).Take(4);

    public static bool HasSections(HuggingFaceConfig config) => RopeScaling.Of(config).Has("mrope_section");

    /// <summary>Layers of the part for images whose vectors are added to the first layers of the text.</summary>
    public static int DeepStackLayersOf(HuggingFaceConfig config) =>
        config.Find("vision_config") is { ValueKind: JsonValueKind.Object } images
            && images.TryGetProperty("deepstack_visual_indexes", out JsonElement layers) && layers.ValueKind == JsonValueKind.Array
            ? layers.GetArrayLength() : 0;

    /// <summary>Whether a tensor is of the part for images, or for sounds.</summary>
    public static bool IsOfImages(string source) => Array.Exists(s_ofImages, part =>
        source.StartsWith(part, StringComparison.Ordinal) || source.StartsWith(Model + part, StringComparison.Ordinal));
}
