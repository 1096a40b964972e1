using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Writes an architecture's keys: counts as uint32, real numbers as float32, as readers want them.</summary>
/// <param name="architecture">GGUF's name, which each key begins with.</param>
/// <param name="metadata">Where they go.</param>
internal sealed class Keys(string architecture, GgufMetadata metadata)
{
    public void Count(string key, long value) => metadata.Set($"{architecture}.{key}", checked((uint)value));

    public void Counts(string key, IEnumerable<long> values) => metadata.Set($"{architecture}.{key}", values.Select(value => checked((int)value)).ToArray());

    public void Flags(string key, IEnumerable<bool> values) => metadata.Set($"{architecture}.{key}", values.ToArray());

    public void Reals(string key, IEnumerable<float> values) => metadata.Set($"{architecture}.{key}", values.ToArray());

    public void Real(string key, double value) => metadata.Set($"{architecture}.{key}", (float)value);

    public void Flag(string key, bool value) => metadata.Set($"{architecture}.{key}", value);

    public void Text(string key, string value) => metadata.Set($"{architecture}.{key}", value);
}
