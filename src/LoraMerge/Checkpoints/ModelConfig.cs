using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>What a model's <c>config.json</c> says, as far as a merge needs it.</summary>
internal sealed class ModelConfig
{
    /// <summary>The name of a method where a file says how weights are quantised and names none.</summary>
    internal const string UnknownMethod = "unknown";

    private readonly JsonObject _json;

    private ModelConfig(JsonObject json, string? file)
    {
        _json = json;
        File = file;
    }

    /// <summary>A model without config.json: a single weight file.</summary>
    internal static ModelConfig None { get; } = new([], null);

    /// <summary>Path of the file, which may be a GGUF file that says the same; or null where the model has none.</summary>
    public string? File { get; }

    /// <summary>The architecture's family, such as <c>llama</c>; null where the file does not tell.</summary>
    public string? ModelType => Text("model_type");

    /// <summary>The family of the part that reads and writes text: that of <c>text_config</c>, or the model's own.</summary>
    public string? TextModelType => TextPart.ModelType;

    /// <summary>What <c>tie_word_embeddings</c> says; null where it says nothing and the family's default holds.</summary>
    public bool? TieWordEmbeddings => TextPart.TieWordEmbeddings;

    /// <summary>All that the file says.</summary>
    internal JsonObject Json => _json;

    /// <summary>What it says of the part that reads and writes text.</summary>
    internal ConfigPart TextPart => PartOf("");

    /// <summary>The name of the quantisation method, or null for a full-precision model.</summary>
    public string? QuantizationMethod =>
        Quantization is JsonObject quantization
            ? Text("quant_method", quantization)
                ?? (IsTrue(quantization, "load_in_4bit") || IsTrue(quantization, "load_in_8bit") ? "bitsandbytes" : UnknownMethod)
            : null;

    /// <summary>How the weights are quantised; null for a full-precision model.</summary>
    internal JsonObject? Quantization =>
        QuantizationFields().Select(place => TextPart.Value(place.Section, place.Name)).OfType<JsonObject>().FirstOrDefault();

    /// <summary>Whether a model of plain weights rounds them whenever it computes: BitNet, which makes them -1, 0 and 1 times a scale.</summary>
    internal bool RoundsWeights =>
        Quantization is JsonObject quantization && QuantizationMethod == "bitnet" && Text("quantization_mode", quantization) == "online";

    /// <summary>The model that this one was made from, where the file names one.</summary>
    public string? NameOrPath => Text("_name_or_path");

    /// <summary>The classes that the model is loaded as, such as <c>LlamaForCausalLM</c>; empty where the file does not tell.</summary>
    public IEnumerable<string> Architectures =>
        (_json["architectures"] as JsonArray ?? []).OfType<JsonValue>().Select(value => value.TryGetValue(out string? name) ? name : "");

    /// <summary>What a GGUF file says, as Hugging Face's file says it.</summary>
    internal static ModelConfig Made(byte[] json, string file) => new((JsonObject)JsonNode.Parse(json)!, file);

    /// <exception cref="LoraMergeException">LORA2008.</exception>
    internal static ModelConfig Read(string file)
    {
        try
        {
            return new ModelConfig(JsonFile.Read(file, JsonFile.LongestConfig), file);
        }
        catch (JsonException e)
        {
            throw Errors.ConfigInvalid(file, e.Message);
        }
    }

    /// <summary>The file's content with other values; everything else keeps its place.</summary>
    internal byte[] With(IEnumerable<ConfigChange> changes) => JsonFile.ToBytes(JsonWith(changes));

    /// <summary>The same to be read on; numbers that JSON does not have are no numbers in it.</summary>
    internal JsonObject JsonWith(IEnumerable<ConfigChange> changes)
    {
        var json = (JsonObject)_json.DeepClone();
        foreach (ConfigChange change in changes)
        {
            JsonObject owner = change.Section.Length == 0 ? json : change.Section.Split('.').Aggregate(json, (outer, key) => (JsonObject)outer[key]!);
            if (change.IsRemoval)
                owner.Remove(change.Name);
            else
                owner[change.Name] = change.Value?.DeepClone();
        }
        return json;
    }

    /// <summary>Where the file states a dtype: <c>dtype</c>, or <c>torch_dtype</c> as older transformers write it, also of the part that reads and writes
    /// text.</summary>
    internal IEnumerable<(string Name, string Section)> DTypeFields() =>
        from name in (string[])["dtype", "torch_dtype"]
        from section in TextPart.SectionsWith(name)
        select (name, section);

    /// <summary>Where the file tells how the weights are quantised.</summary>
    internal IEnumerable<(string Name, string Section)> QuantizationFields() =>
        from name in (string[])["quantization_config", "compression_config"]
        from section in TextPart.SectionsWith(name)
        select (name, section);

    /// <summary>What it says of the part that a tensor or module lies in.</summary>
    internal ConfigPart PartOf(string name) => ConfigPart.Of(_json, name);

    /// <summary>A finite number of the model or of the part that reads and writes text; null where there is none.</summary>
    internal double? Number(string name) => TextPart.Number(name);

    /// <summary>A field at the top; null where there is none.</summary>
    internal JsonNode? Value(string name) => _json[name];

    private static bool IsTrue(JsonObject json, string name) => json[name] is JsonValue v && v.TryGetValue(out bool flag) && flag;

    private string? Text(string name, JsonObject? owner = null) => (owner ?? _json)[name] is JsonValue v && v.TryGetValue(out string? text) ? text : null;
}
