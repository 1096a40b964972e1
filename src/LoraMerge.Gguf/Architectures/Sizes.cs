using System.Collections.Immutable;
using System.Globalization;

namespace LoraMerge.Gguf.Architectures;

/// <summary>The sizes of a model, by the short names that the tables of tensors use.</summary>
/// <remarks>
/// layers; h: hidden size; f: feed-forward length; heads, kvheads; d: size of a head; q = heads·d; kv = kvheads·d; v: rows of the embedding; experts;
/// and what an architecture adds.
/// </remarks>
internal sealed class Sizes
{
    private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);

    public long this[string name]
    {
        get => _values[name];
        set => _values[name] = value;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>A shape such as <c>q h</c> in numbers.</summary>
    public ImmutableArray<long> ShapeOf(string text) =>
        [.. text.Split(' ').Select(name => long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : _values[name])];
}
