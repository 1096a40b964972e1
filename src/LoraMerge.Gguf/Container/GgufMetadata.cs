using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Gguf.Container;

/// <summary>Keys and values of a file, in its order.</summary>
internal sealed class GgufMetadata : IEnumerable<KeyValuePair<string, GgufValue>>
{
    /// <summary>The longest key that the format allows, in bytes.</summary>
    public const int MaxKeyLength = 65535;

    public const string AlignmentKey = "general.alignment";

    private readonly OrderedDictionary<string, GgufValue> _values = new(StringComparer.Ordinal);

    public int Count => _values.Count;

    /// <exception cref="ArgumentException">The key is there.</exception>
    public void Add(string key, GgufValue value) => _values.Add(key, value);

    public void Set(string key, GgufValue value) => _values[key] = value;

    public bool TryAdd(string key, GgufValue value) => _values.TryAdd(key, value);

    public bool TryGet(string key, out GgufValue value) => _values.TryGetValue(key, out value);

    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>The text of a key; false where it is not there or no text.</summary>
    public bool TryGetText(string key, [NotNullWhen(true)] out string? text)
    {
        text = _values.TryGetValue(key, out GgufValue value) ? value.Value as string : null;
        return text is not null;
    }

    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
