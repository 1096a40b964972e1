using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>How a conversation becomes one text: the template of the first folder that has one anywhere.</summary>
/// <param name="Default">The template for ordinary conversations; null where there are only named ones.</param>
/// <param name="Named">Further ones, such as for tools.</param>
internal sealed record ChatTemplate(string? Default, ImmutableArray<(string Name, string Template)> Named)
{
    private const string Additional = "additional_chat_templates/";
    private const string Jinja = ".jinja";

    /// <summary>
    /// Finds it. Within a folder chat_template.jinja goes before the field of tokenizer_config.json, and that before chat_template.json, as in
    /// transformers.
    /// </summary>
    /// <param name="folders">Adapters, the last one first; then the base.</param>
    public static ChatTemplate? Find(IEnumerable<SideFiles> folders) => folders.Select(Of).FirstOrDefault(template => template is not null);

    /// <summary>Writes it.</summary>
    public void Describe(GgufMetadata metadata)
    {
        var names = new List<string>();
        foreach ((string name, string template) in Named)
        {
            string key = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
            if (key.Length > 0 && metadata.TryAdd($"tokenizer.chat_template.{key}", template))
                names.Add(key);
        }

        if (names.Count > 0)
            metadata.Add("tokenizer.chat_templates", names.ToArray());
        if (Default is not null)
            metadata.Add("tokenizer.chat_template", Default);
    }

    private static ChatTemplate? Of(SideFiles folder)
    {
        if (folder.Text("chat_template.jinja") is { } text)
        {
            return new ChatTemplate(text,
            [
                .. folder.Names.Where(name => name.StartsWith(Additional, StringComparison.Ordinal) && name.EndsWith(Jinja, StringComparison.Ordinal))
                    .Select(name => (name[Additional.Length..^Jinja.Length], folder.Text(name)!)),
            ]);
        }

        return Of(folder.Json("tokenizer_config.json")?.Field("chat_template")) ?? Of(folder.Json("chat_template.json")?.Field("chat_template"));
    }

    private static ChatTemplate? Of(JsonElement? field)
    {
        switch (field)
        {
            case { ValueKind: JsonValueKind.String } text:
                return new ChatTemplate(text.GetString(), []);
            case { ValueKind: JsonValueKind.Array } list:
                (string Name, string Template)[] all =
                [
                    .. list.EnumerateArray()
                        .Where(item => item.Text("name") is not null && item.Text("template") is not null)
                        .Select(item => (item.Text("name")!, item.Text("template")!)),
                ];
                return all.Length == 0 ? null
                    : new ChatTemplate(all.FirstOrDefault(item => item.Name == "default").Template, [.. all.Where(item => item.Name != "default")]);
            default:
                return null;
        }
    }
}
