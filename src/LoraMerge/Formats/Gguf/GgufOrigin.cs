using System.Globalization;
using LoraMerge.Gguf.Container;
using LoraMerge.Requests;

namespace LoraMerge.Formats.Gguf;

/// <summary>Writes what a model is made of as keys of its file: the format's own, and those below <c>lora_merge.</c> Neither path nor time.</summary>
internal static class GgufOrigin
{
    /// <summary>What the keys of an adapter begin with.</summary>
    public const string AdapterKey = "lora_merge.adapter.";

    public static GgufMetadata Describe(LayoutInputs layout)
    {
        OpenedInputs inputs = layout.Inputs;
        var metadata = new GgufMetadata
        {
            { "general.name", inputs.Name },
            { "general.base_model.count", 1u },
            { "general.base_model.0.name", inputs.Checkpoint.Name },
        };
        if (inputs.Request.BaseVersion is string version)
            metadata.Add("general.base_model.0.version", version);
        metadata.Add("lora_merge.adapter.count", (uint)inputs.Adapters.Length);
        for (int i = 0; i < inputs.Adapters.Length; i++)
        {
            AdapterRequest asked = inputs.Request.Adapters[i];
            string key = string.Create(CultureInfo.InvariantCulture, $"{AdapterKey}{i}.");
            metadata.Add(key + "name", inputs.Adapters[i].Name);
            metadata.Add(key + "weight", new GgufValue(GgufValueType.Float64, asked.Weight));
            if (asked.Version is string own)
                metadata.Add(key + "version", own);
            metadata.Add(key + "xxh128", layout.AdapterHashes[i]);
        }
        return metadata;
    }
}
