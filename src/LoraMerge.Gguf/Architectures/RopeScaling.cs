using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Architectures;

/// <summary>How positions are turned: <c>rope_theta</c> and <c>rope_scaling</c> of transformers 4, or <c>rope_parameters</c> of 5.</summary>
internal sealed class RopeScaling
{
    private readonly HuggingFaceConfig _config;
    private readonly JsonElement? _parameters;

    private RopeScaling(HuggingFaceConfig config, JsonElement? parameters, string field)
    {
        _config = config;
        _parameters = parameters;
        Field = field;
    }

    /// <summary>The field that says it, for messages.</summary>
    public string Field { get; }

    /// <summary>The kind: <c>default</c>, <c>linear</c>, <c>yarn</c>, <c>llama3</c>, <c>longrope</c> and so on.</summary>
    public string Kind => (Find("rope_type") ?? Find("type")) is { ValueKind: JsonValueKind.String } kind ? kind.GetString()! : "default";

    public bool IsScaled => Kind != "default";

    /// <summary>The base of the frequencies.</summary>
    public double Theta => Find("rope_theta") is { } theta ? HuggingFaceConfig.RealOf("rope_theta", theta) : _config.Real("rope_theta");

    /// <param name="config">With defaults.</param>
    /// <param name="layerType">Of the layers meant, where a config says it for each: <c>full_attention</c>, <c>sliding_attention</c>.</param>
    public static RopeScaling Of(HuggingFaceConfig config, string layerType = "full_attention")
    {
        string field = config.Find("rope_parameters") is null ? "rope_scaling" : "rope_parameters";
        JsonElement? parameters = config.Find(field);
        if (parameters is { ValueKind: not JsonValueKind.Object })
            throw LayoutErrors.ConfigFieldInvalid(field, HuggingFaceConfig.TextOf(parameters), "an object");
        if (parameters is { } all && all.TryGetProperty(layerType, out JsonElement own) && own.ValueKind == JsonValueKind.Object)
            parameters = own;
        else if (parameters is { } others && layerType != "full_attention" && !others.TryGetProperty("full_attention", out _))
            parameters = null; // said once, for the layers of full attention
        return new RopeScaling(config, parameters, field);
    }

    /// <summary>The share of a head that is turned: in the object, or at the top.</summary>
    public static double PartOf(HuggingFaceConfig config) =>
        Of(config).RealOrNull("partial_rotary_factor") ?? config.Real("partial_rotary_factor");

    public bool Has(string name) => Find(name) is not null;

    /// <summary>A number of the object; null where it is not said.</summary>
    public double? RealOrNull(string name) => Find(name) is { } value ? HuggingFaceConfig.RealOf($"{Field}.{name}", value) : null;

    public double Real(string name) => RealOrNull(name) ?? throw LayoutErrors.ConfigFieldMissing($"{Field}.{name}");

    /// <summary>The context that the model had before it was scaled: in the object, or at the top.</summary>
    public long OriginalContext => (long)(RealOrNull("original_max_position_embeddings")
        ?? _config.CountOrNull("original_max_position_embeddings") ?? _config.Count("max_position_embeddings"));

    /// <summary>A list of numbers.</summary>
    public float[] Reals(string name) => Find(name) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select(value => (float)HuggingFaceConfig.RealOf($"{Field}.{name}", value))]
        : throw LayoutErrors.ConfigFieldMissing($"{Field}.{name}");

    private JsonElement? Find(string name) =>
        _parameters is { } fields && fields.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
