using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Checkpoints;

/// <summary>What config.json says of one part of a model: in composite models each part has a configuration of its own, below the others.</summary>
/// <remarks>A part that reads and writes text may leave out what the model around it says; a tower for images or sounds has nothing of it.</remarks>
internal sealed class ConfigPart
{
    private const string Suffix = "_config";

    /// <summary>What transformers' models call a part, by the configuration of it; other parts are called as their configuration is.</summary>
    private static readonly (string Part, ImmutableArray<string> Attributes)[] KnownAttributes =
    [
        ("vision", ["vision_tower", "image_tower", "video_tower", "vision_model", "vision_encoder", "visual", "vit"]),
        ("text", ["language_model", "text_model", "text_encoder", "llm"]),
        ("llm", ["language_model", "llm"]),
        ("language", ["language_model", "language"]),
        ("audio", ["audio_tower", "audio_model", "audio_encoder"]),
    ];

    /// <summary>Parts that read and write text, where a name does not say another: the first that is there.</summary>
    private static readonly ImmutableArray<string> TextParts = ["text_config", "llm_config", "language_config", "thinker_config", "decoder"];

    private readonly ImmutableArray<(string Section, JsonObject Fields)> _around;

    private ConfigPart(ImmutableArray<(string Section, JsonObject Fields)> around) => _around = around;

    /// <summary>The family of the part; null where nothing tells.</summary>
    public string? ModelType => _around.Select(place => TextOf(place.Fields["model_type"])).FirstOrDefault(type => type is not null);

    /// <summary>What <c>tie_word_embeddings</c> says, the outermost first, as transformers reads it; null where nobody says anything.</summary>
    public bool? TieWordEmbeddings => _around.Reverse().Select(place => FlagOf(place.Fields, "tie_word_embeddings")).FirstOrDefault(tied => tied is not null);

    /// <summary>Places that hold for the part, the outermost first: the empty one for the top, others as <c>thinker_config.text_config</c>.</summary>
    public IEnumerable<string> Sections => _around.Reverse().Select(place => place.Section);

    /// <summary>A finite number; null where nobody states one.</summary>
    public double? Number(string name) => _around.Select(place => NumberOf(place.Fields, name)).FirstOrDefault(number => number is not null);

    /// <summary>Whether anybody says that a flag is set.</summary>
    public bool Flag(string name) => _around.Any(place => FlagOf(place.Fields, name) == true);

    /// <summary>The places that state a field, the outermost first.</summary>
    public IEnumerable<string> SectionsWith(string name) => _around.Reverse().Where(place => place.Fields.ContainsKey(name)).Select(place => place.Section);

    /// <summary>What a place says.</summary>
    public JsonNode? Value(string section, string name) => _around.First(place => place.Section == section).Fields[name];

    /// <param name="config">The whole configuration.</param>
    /// <param name="name">Name of a tensor or module; empty for the part that reads and writes text.</param>
    public static ConfigPart Of(JsonObject config, string name)
    {
        ImmutableArray<(string Section, JsonObject Fields)> around = [("", config)];
        foreach (string attribute in name.Split('.'))
        {
            if (Inner(around[0].Fields).FirstOrDefault(inner => inner.Attributes.Contains(attribute)) is { Key: { } key } inner)
                around = Into(around, key, inner.Fields);
        }
        while (TextParts.FirstOrDefault(part => around[0].Fields[part] is JsonObject) is { } text)
            around = Into(around, text, (JsonObject)around[0].Fields[text]!);
        return new ConfigPart(around);
    }

    /// <summary>The configurations right below one, each with the attributes that may hold its part.</summary>
    public static IEnumerable<(string Key, JsonObject Fields, ImmutableArray<string> Attributes)> Inner(JsonObject config)
    {
        foreach ((string key, JsonNode? value) in config)
        {
            if (value is not JsonObject fields)
                continue;
            bool isNamed = key.EndsWith(Suffix, StringComparison.Ordinal) && key is not ("quantization_config" or "compression_config");
            if (!isNamed && !fields.ContainsKey("model_type"))
                continue;
            string part = isNamed ? key[..^Suffix.Length] : key;
            ImmutableArray<string> attributes = KnownAttributes.FirstOrDefault(known => known.Part == part).Attributes;
            yield return (key, fields, attributes.IsDefault ? [part] : [part, .. attributes]);
        }
    }

    private static ImmutableArray<(string Section, JsonObject Fields)> Into(
        ImmutableArray<(string Section, JsonObject Fields)> around, string key, JsonObject fields)
    {
        string section = around[0].Section.Length == 0 ? key : $"{around[0].Section}.{key}";
        return [(section, fields), .. TextParts.Contains(key) ? around : []];
    }

    private static double? NumberOf(JsonObject fields, string name) =>
        fields[name] is JsonValue value && value.TryGetValue(out double number) && double.IsFinite(number) ? number : null;

    private static bool? FlagOf(JsonObject fields, string name) => fields[name] is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
