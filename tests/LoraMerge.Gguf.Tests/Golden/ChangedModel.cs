using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Tests.Golden;

/// <summary>A case with something changed in its config, its tensors or its files.</summary>
internal static class ChangedModel
{
    /// <summary>Changes config.json; a field that is given as null is removed.</summary>
    public static GgufSource With(this GgufSource source, string field, string? json)
    {
        JsonObject config = JsonNode.Parse(source.Config.GetRawText())!.AsObject();
        JsonObject fields = config["text_config"] as JsonObject ?? config;
        fields.Remove(field);
        if (json is not null)
            fields[field] = JsonNode.Parse(json);
        using var document = JsonDocument.Parse(config.ToJsonString());
        return source with { Config = document.RootElement.Clone() };
    }

    public static GgufSource Without(this GgufSource source, string tensor) =>
        source with { Tensors = source.Tensors.RemoveAll(known => known.Name == tensor) };

    public static GgufSource Plus(this GgufSource source, string tensor, params long[] shape) =>
        source with { Tensors = source.Tensors.Add(new SourceTensor(tensor, Safetensors.DType.BF16, [.. shape])) };
}
