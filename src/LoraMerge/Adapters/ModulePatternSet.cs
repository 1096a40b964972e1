using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>The keys of <c>rank_pattern</c> or <c>alpha_pattern</c> with their values, in the order of the file.</summary>
/// <remarks>Nearly all keys are plain names, of which there may be one for each module: those are looked up, and only the others are tried one after
/// another.</remarks>
[CollectionBuilder(typeof(ModulePattern), nameof(ModulePattern.Collect))]
internal sealed class ModulePatternSet<T> : IReadOnlyCollection<ModulePattern<T>>
{
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly ImmutableArray<ModulePattern<T>> _patterns;
    private readonly Dictionary<string, T> _values = new(StringComparer.Ordinal);
    private readonly NameIndex _names = new();
    private readonly List<int> _expressions = [];
    private readonly Dictionary<(int, PatternForm), Regex> _compiled = [];
    private readonly Stopwatch _spent = new();
    private readonly TimeSpan _longestOfAll;

    /// <param name="patterns">In the order of the file.</param>
    /// <param name="longestOfAll">How long all matching may take together; 10 seconds unless it is given.</param>
    internal ModulePatternSet(ReadOnlySpan<ModulePattern<T>> patterns, TimeSpan? longestOfAll = null)
    {
        _longestOfAll = longestOfAll ?? TimeSpan.FromSeconds(10);
        _patterns = [.. patterns];
        for (int i = 0; i < _patterns.Length; i++)
        {
            _values.TryAdd(_patterns[i].Key, _patterns[i].Value);
            if (ModulePattern.IsName(_patterns[i].Key))
                _names.Add(_patterns[i].Key, i);
            else
                _expressions.Add(i);
        }
    }

    /// <summary>Number of keys.</summary>
    public int Count => _patterns.Length;

    internal bool IsEmpty => _patterns.IsEmpty;

    /// <inheritdoc/>
    public IEnumerator<ModulePattern<T>> GetEnumerator() => ((IEnumerable<ModulePattern<T>>)_patterns).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The value of a key as it is written.</summary>
    internal bool TryFind(string key, [MaybeNullWhen(false)] out T value) => _values.TryGetValue(key, out value);

    /// <summary>The patterns that match a module, in the order of the file.</summary>
    /// <exception cref="LoraMergeException">LORA3016: it takes too long.</exception>
    internal IEnumerable<ModulePattern<T>> Matching(string module, PatternForm form)
    {
        _spent.Start();
        SortedSet<int> hits = _names.Find(module, form);
        ThrowIfTooLong();
        foreach (int i in _expressions)
        {
            if (IsMatch(i, module, form))
                hits.Add(i);
            ThrowIfTooLong();
        }
        _spent.Stop();
        return hits.Select(i => _patterns[i]);
    }

    private void ThrowIfTooLong()
    {
        if (_spent.Elapsed > _longestOfAll)
            throw Errors.AdapterPatternsTooSlow(Count, _longestOfAll);
    }

    private bool IsMatch(int pattern, string module, PatternForm form)
    {
        if (!_compiled.TryGetValue((pattern, form), out Regex? expression))
            _compiled[(pattern, form)] = expression = new Regex(ModulePattern.Expression(_patterns[pattern].Key, form), RegexOptions.CultureInvariant,
                LongestMatch);
        try
        {
            return expression.IsMatch(module);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw Errors.AdapterPatternTooSlow(_patterns[pattern].Key, module, e);
        }
    }
}
