using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Formats.Gguf;

/// <summary>Says what a GGUF file is: its metadata, and the types of its tensors.</summary>
internal static class GgufFacts
{
    private const int LongestText = 60;

    /// <param name="model">The file.</param>
    /// <returns>Name and value (a text, a number or texts).</returns>
    public static ImmutableArray<(string Name, object Value)> Of(GgufModel model)
    {
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        AddText("name", "general.name");
        AddText("family", "general.architecture");
        GgufTensor[] tensors = [.. model.Tensors];
        facts.Add(("files", model.Paths.Count()));
        facts.Add(("tensors", tensors.Length));
        facts.Add(("parameters", tensors.Sum(tensor => tensor.ElementCount)));
        facts.Add(("bytes", tensors.Sum(tensor => tensor.ByteLength)));
        facts.Add(("types", tensors.CountBy(tensor => tensor.Type).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} ({pair.Value})")).ToArray()));
        facts.Add(("metadata", model.Metadata.Select(pair => $"{pair.Key} = {Text(pair.Value)}").ToArray()));
        return facts.ToImmutable();

        void AddText(string name, string key)
        {
            if (model.Metadata.TryGetText(key, out string? text))
                facts.Add((name, OneLine(text)));
        }
    }

    /// <summary>A value on one line, arrays by their length.</summary>
    public static string Text(GgufValue value) => value.Value switch
    {
        Array elements => string.Create(CultureInfo.InvariantCulture, $"{elements.Length} × {value.ElementType}"),
        string text => $"\"{OneLine(text)}\"",
        bool truth => truth ? "true" : "false",
        var number => string.Create(CultureInfo.InvariantCulture, $"{number}"),
    };

    /// <summary>A template has pages, and may hold anything.</summary>
    private static string OneLine(string text)
    {
        string line = string.Concat(text.Take(LongestText).Select(letter => char.IsControl(letter) ? ' ' : letter));
        return text.Length > LongestText ? line + "..." : line;
    }
}
