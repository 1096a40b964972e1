using System.Text.Json.Nodes;

namespace LoraMerge.Checkpoints;

/// <summary>A value of config.json that the merge changes.</summary>
/// <param name="Name">The field.</param>
/// <param name="Value">Its new value.</param>
/// <param name="Section">Where it lies: empty for the top, others as <c>text_config</c> or <c>thinker_config.text_config</c>.</param>
internal sealed record ConfigChange(string Name, JsonNode? Value, string Section = "")
{
    /// <summary>Whether the field goes.</summary>
    public bool IsRemoval { get; private init; }

    /// <summary>Takes a field away.</summary>
    public static ConfigChange Removed(string name, string section) => new(name, null, section) { IsRemoval = true };
}
