using System.Runtime.InteropServices;

namespace LoraMerge.Adapters;

/// <summary>Finds, among many pattern keys that are plain names, those that match a module, without going through all of them.</summary>
/// <remarks>A dot of a key is any character: keys with dots at the same places are looked up together, by what the module has at the other places.</remarks>
internal sealed class NameIndex
{
    private readonly Dictionary<int, Dictionary<string, Group>> _byLength = [];

    /// <param name="key">The key.</param>
    /// <param name="place">Its place among all keys.</param>
    public void Add(string key, int place)
    {
        if (!_byLength.TryGetValue(key.Length, out Dictionary<string, Group>? groups))
            _byLength[key.Length] = groups = new Dictionary<string, Group>(StringComparer.Ordinal);
        string outline = new([.. key.Select(letter => letter == '.' ? '.' : '_')]);
        if (!groups.TryGetValue(outline, out Group? group))
        {
            int[] dots = [.. Enumerable.Range(0, key.Length).Where(i => key[i] == '.')];
            groups[outline] = group = new Group(dots, new Dictionary<string, List<int>>(StringComparer.Ordinal));
        }
        (CollectionsMarshal.GetValueRefOrAddDefault(group.PlacesOf, key, out _) ??= []).Add(place);
    }

    /// <summary>Places of the keys that match a module, as <see cref="ModulePattern.Expression"/> spells it.</summary>
    public SortedSet<int> Find(string module, PatternForm form)
    {
        var found = new SortedSet<int>();
        for (int end = module.Length; end >= module.Length - 1 && (end == module.Length || (end >= 0 && module[end] == '\n')); end--)
        {
            if (form != PatternForm.Unbracketed)
                Find(module.AsSpan(0, end), found);
            for (int dot = 0; dot < end && module[dot] != '\n'; dot++)
            {
                if (module[dot] == '.')
                    Find(module.AsSpan(dot + 1, end - dot - 1), found);
            }
        }
        return found;
    }

    private void Find(ReadOnlySpan<char> name, SortedSet<int> found)
    {
        if (!_byLength.TryGetValue(name.Length, out Dictionary<string, Group>? groups))
            return;
        foreach (Group group in groups.Values)
        {
            char[] letters = name.ToArray();
            foreach (int dot in group.Dots)
                letters[dot] = letters[dot] == '\n' ? '\n' : '.'; // a dot matches no line feed
            if (group.PlacesOf.TryGetValue(new string(letters), out List<int>? places))
                found.UnionWith(places);
        }
    }

    /// <param name="Dots">Where its keys have dots.</param>
    /// <param name="PlacesOf">Places of each of its keys.</param>
    private sealed record Group(int[] Dots, Dictionary<string, List<int>> PlacesOf);
}
