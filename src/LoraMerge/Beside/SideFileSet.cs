using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>The files beside the weights while they are being chosen, by their places in the merged model.</summary>
internal sealed class SideFileSet
{
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public IEnumerable<SideFile> Files =>
        _entries.Select(pair => new SideFile(pair.Value.Source, pair.Key) { Content = pair.Value.Content, Adapter = pair.Value.Adapter });

    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Where a file lies that is in the set; null where none is.</summary>
    public string? SourceOf(string name) => _entries.TryGetValue(name, out Entry? entry) ? entry.Source : null;

    /// <summary>The bytes of a file that is in the set; null where none is.</summary>
    public SideSource? BytesOf(string name) => _entries.TryGetValue(name, out Entry? entry) ? new SideSource(entry.Source, entry.Content) : null;

    /// <summary>The adapter that a file is of; null for the base's.</summary>
    public Adapter? AdapterOf(string name) => _entries.TryGetValue(name, out Entry? entry) ? entry.Adapter : null;

    /// <summary>The object in a file as it is in the set now; null where the file is not there or no JSON.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public JsonObject? Json(string name) => JsonSideFile.TryRead(BytesOf(name));

    /// <summary>Puts a file in, in the place of one that is there.</summary>
    public void Add(InputFile file, Adapter? adapter) => _entries[file.RelativePath] = new Entry(file.FullPath, adapter, file.Content);

    /// <summary>Takes the base's file after all.</summary>
    public void PutBack(string name, SideSource ofBase) => _entries[name] = new Entry(ofBase.Path, null, ofBase.Content);

    /// <summary>Gives a file other contents.</summary>
    /// <param name="name">Its place.</param>
    /// <param name="source">What it is made of, where it is new.</param>
    /// <param name="content">Its bytes.</param>
    public void Write(string name, string source, byte[] content) => _entries[name] = new Entry(SourceOf(name) ?? source, AdapterOf(name), content);

    public void Remove(string name) => _entries.Remove(name);

    private sealed record Entry(string Source, Adapter? Adapter, byte[]? Content);
}
