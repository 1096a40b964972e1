using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// config.json, with the defaults of its class in transformers for what it does not say. Fields of a <c>text_config</c> go before those of the top.
/// </summary>
internal sealed class HuggingFaceConfig
{
    private readonly ImmutableArray<JsonElement> _objects;

    private HuggingFaceConfig(ImmutableArray<JsonElement> objects) => _objects = objects;

    /// <param name="root">The file's object.</param>
    public static HuggingFaceConfig Of(JsonElement root) =>
        new(root.TryGetProperty("text_config", out JsonElement text) && text.ValueKind == JsonValueKind.Object ? [text, root] : [root]);

    /// <summary>The classes that the model is loaded as, such as <c>LlamaForCausalLM</c>.</summary>
    public ImmutableArray<string> Classes => _objects[^1].TryGetProperty("architectures", out JsonElement list) && list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : [];

    /// <param name="defaults">A JSON object: what the class assumes.</param>
    public HuggingFaceConfig WithDefaults(string defaults)
    {
        using JsonDocument document = JsonDocument.Parse(defaults);
        return new HuggingFaceConfig(_objects.Add(document.RootElement.Clone()));
    }

    /// <summary>A field as it is said or assumed; null where it is not, or is null.</summary>
    public JsonElement? Find(string field)
    {
        foreach (JsonElement fields in _objects)
        {
            if (fields.TryGetProperty(field, out JsonElement value))
                return value.ValueKind == JsonValueKind.Null ? null : value;
        }

        return null;
    }

    /// <exception cref="GgufLayoutException">ConfigFieldInvalid.</exception>
    public long Count(string field) => CountOrNull(field) ?? throw LayoutErrors.ConfigFieldMissing(field);

    public long? CountOrNull(string field) => Find(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number is >= 0 and <= uint.MaxValue ? number
        : throw LayoutErrors.ConfigFieldInvalid(field, TextOf(value), "a count");

    public double Real(string field) => RealOrNull(field) ?? throw LayoutErrors.ConfigFieldMissing(field);

    public double? RealOrNull(string field) => Find(field) is not { } value ? null : RealOf(field, value);

    public bool Flag(string field) => Find(field) is { } value && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw LayoutErrors.ConfigFieldInvalid(field, TextOf(value), "true or false"),
    };

    public string? TextOrNull(string field) => Find(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw LayoutErrors.ConfigFieldInvalid(field, TextOf(value), "a text");

    /// <summary>The elements of a list; null where there is none.</summary>
    public ImmutableArray<JsonElement>? ListOrNull(string field) => Find(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()]
        : throw LayoutErrors.ConfigFieldInvalid(field, TextOf(value), "a list");

    /// <summary>A whole number; null where a value is none.</summary>
    public static long? IntegerOf(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;

    public static double RealOf(string field, JsonElement value) => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble())
        ? value.GetDouble()
        : throw LayoutErrors.ConfigFieldInvalid(field, TextOf(value), "a number");

    /// <summary>A value for a message.</summary>
    public static string TextOf(JsonElement? value)
    {
        const int longest = 100;
        string text = value?.GetRawText() ?? "null";
        return text.Length <= longest ? text : text[..longest] + "...";
    }
}
