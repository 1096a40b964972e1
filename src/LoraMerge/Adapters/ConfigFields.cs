using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>
/// The fields of an adapter_config.json by type. The field's libraries write null for "not set", and some write one text where others write a list.
/// </summary>
internal sealed class ConfigFields(string file, JsonObject json)
{
    /// <summary>Many times what any library writes; each unknown one is a warning.</summary>
    private const int MostFields = 1000;

    /// <summary>Texts that are held against every module.</summary>
    private const int MostTexts = 10_000;

    /// <summary>More than any model has modules.</summary>
    private const int MostPatterns = 100_000;

    /// <summary>Of which so many may be more than a name: each of these is tried on every module.</summary>
    private const int MostExpressions = 1000;

    public string File => file;

    public JsonObject Json => json;

    public IEnumerable<string> Names => json.Select(pair => pair.Key);

    public bool Has(string name) => json.ContainsKey(name);

    /// <exception cref="LoraMergeException">LORA1110, 2003, 2045, 3002.</exception>
    public static ConfigFields Read(string file)
    {
        try
        {
            var fields = new ConfigFields(file, JsonFile.Read(file, JsonFile.LongestConfig));
            return fields.Json.Count <= MostFields ? fields : throw fields.Invalid($"it has {fields.Json.Count} fields, and at most {MostFields} are read");
        }
        catch (JsonException e)
        {
            throw Errors.AdapterConfigInvalid(file, e.Message);
        }
    }

    /// <summary>What a field asks for; null where it asks for nothing.</summary>
    public JsonNode? Value(string name) => HasValue(name) ? json[name] : null;

    /// <summary>Whether a field asks for something: null, false, zero and empty values do not.</summary>
    public bool HasValue(string name) => HasValue(json[name]);

    /// <inheritdoc cref="HasValue(string)"/>
    public static bool HasValue(JsonNode? node) => node switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonObject fields => fields.Count > 0,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.False => false,
            JsonValueKind.String => node.GetValue<string>().Length > 0,
            JsonValueKind.Number => !double.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || number != 0,
            _ => true,
        },
    };

    public LoraMergeException Invalid(string reason) => Errors.AdapterConfigInvalid(file, reason);

    public string? Text(string name) => json[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw Invalid($"\"{name}\" is {JsonFile.TextOf(other)}, but a text is expected"),
    };

    public bool Flag(string name) => json[name] switch
    {
        null => false,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        var other => throw Invalid($"\"{name}\" is {JsonFile.TextOf(other)}, but true or false is expected"),
    };

    public ImmutableArray<string> Texts(string name) => Value(name) switch
    {
        null => [],
        JsonValue value when value.TryGetValue(out string? one) => [one],
        JsonArray { Count: > MostTexts } list => throw Invalid($"\"{name}\" is a list of {list.Count} texts, and at most {MostTexts} are read"),
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue(out string? _)) => [.. list.Select(item => item!.GetValue<string>())],
        var other => throw Invalid($"\"{name}\" is {JsonFile.TextOf(other)}, but a list of texts is expected"),
    };

    public JsonObject? Object(string name) => json[name] switch
    {
        null => null,
        JsonObject fields => fields,
        var other => throw Invalid($"\"{name}\" is {JsonFile.TextOf(other)}, but an object is expected"),
    };

    public int? Integer(string name) => json[name] is { } node ? ToInteger($"\"{name}\"", node) : null;

    public double? Number(string name) => json[name] is { } node ? ToNumber($"\"{name}\"", node) : null;

    /// <summary>A dictionary from keys that match modules to values; empty where there is none.</summary>
    /// <param name="name">The field.</param>
    /// <param name="read">Reads a value; its first argument names it for messages.</param>
    /// <exception cref="LoraMergeException">LORA3002, LORA3016, LORA3050.</exception>
    public ModulePatternSet<T> Pattern<T>(string name, Func<string, JsonNode, T> read)
    {
        if (Value(name) is not { } node)
            return [];
        if (node is not JsonObject pattern)
            throw Invalid($"\"{name}\" is {JsonFile.TextOf(node)}, but an object is expected");
        if (pattern.Count > MostPatterns || pattern.Count(pair => !ModulePattern.IsName(pair.Key)) > MostExpressions)
            throw Errors.TooManyPatterns(file, name, MostPatterns, MostExpressions);
        var patterns = new List<ModulePattern<T>>(pattern.Count);
        foreach ((string key, JsonNode? value) in pattern)
        {
            T read1 = read($"\"{name}\" of '{key}'", value ?? throw Invalid($"\"{name}\" of '{key}' is null"));
            try
            {
                patterns.Add(ModulePattern.Create(key, read1));
            }
            catch (ArgumentException e)
            {
                throw Errors.AdapterPatternInvalid(file, name, key, e.Message);
            }
        }
        return [.. patterns];
    }

    /// <summary>A field that is a rank.</summary>
    public int ToRank(string name, JsonNode node) =>
        ToInteger(name, node) is var rank and >= 1 ? rank : throw Invalid($"{name} is {JsonFile.TextOf(node)}, but a rank is at least 1");

    /// <summary>A rank that the file has to state.</summary>
    public int Rank(string name) => Integer(name) switch
    {
        null => throw Invalid($"\"{name}\" is missing"),
        < 1 and int rank => throw Invalid($"\"{name}\" is {rank}, but a rank is at least 1"),
        int rank => rank,
    };

    public int ToInteger(string name, JsonNode node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int number)
            ? number
            : throw Invalid($"{name} is {JsonFile.TextOf(node)}, but a whole number is expected");

    public double ToNumber(string name, JsonNode node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Invalid($"{name} is {JsonFile.TextOf(node)}, but a finite number is expected");
}
