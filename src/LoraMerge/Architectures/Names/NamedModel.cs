using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Architectures.Names;

/// <summary>What the names of a model depend on: its class, its type, and the models inside it.</summary>
/// <param name="Classes">Names of its class, the likeliest first.</param>
/// <param name="ModelType"><c>model_type</c> of its configuration.</param>
/// <param name="Inner">The models that its configuration has configurations for.</param>
internal sealed record NamedModel(ImmutableArray<string> Classes, string? ModelType, ImmutableArray<InnerModel> Inner)
{
    /// <summary>Nothing is known: names are only compared.</summary>
    public static NamedModel Unknown { get; } = new([], null, []);

    /// <param name="config">config.json; null for a base without it.</param>
    /// <param name="trainedClass">The class that an adapter says it was trained on; null where it does not.</param>
    public static NamedModel Of(JsonObject? config, string? trainedClass = null)
    {
        if (config is null)
            return Unknown;
        IEnumerable<string> own = config["architectures"] is JsonArray list ? list.Select(TextOf).OfType<string>() : [];
        return new NamedModel([.. trainedClass is null ? own : own.Prepend(trainedClass)], TextOf(config["model_type"]), [.. InnerOf(config)]);
    }

    /// <summary>The outermost first, as they are looked up.</summary>
    private static IEnumerable<InnerModel> InnerOf(JsonObject config)
    {
        foreach ((_, JsonObject fields, ImmutableArray<string> attributes) in ConfigPart.Inner(config))
        {
            if (TextOf(fields["model_type"]) is string type)
                yield return new InnerModel(type, attributes);
            foreach (InnerModel further in InnerOf(fields))
                yield return further;
        }
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}

/// <summary>A model inside another.</summary>
/// <param name="ModelType"><c>model_type</c> of its configuration.</param>
/// <param name="Attributes">What the outer model may call it.</param>
internal sealed record InnerModel(string ModelType, ImmutableArray<string> Attributes);
