using System.Text.Json.Nodes;

namespace LoraMerge.Checkpoints;

/// <summary>A value of config.json that the merge changes.</summary>
/// <param name="Name">The field.</param>
/// <param name="Value">Its new value.</param>
/// <param name="IsNested">Whether it lies below <c>text_config</c>.</param>
internal sealed record ConfigChange(string Name, JsonNode? Value, bool IsNested = false);
