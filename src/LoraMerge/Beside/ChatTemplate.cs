using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Beside;

/// <summary>How a conversation becomes one text, as a folder has it.</summary>
/// <param name="Default">The template for ordinary conversations; null where there are only named ones.</param>
/// <param name="Named">Further ones, such as for tools, in the order of their names.</param>
/// <param name="Source">The file that the default lies in.</param>
internal sealed record ChatTemplate(string? Default, ImmutableArray<(string Name, string Text)> Named, string Source)
{
    /// <summary>Whether the same folder's tokenizer_config.json has another one, which transformers passes over.</summary>
    public bool IsNotThatOfField { get; private init; }

    /// <summary>Whether the same folder has another one for processors, beside that of the tokenizer, and nothing that goes before both.</summary>
    public bool IsNotThatOfProcessors { get; private init; }

    public const string FileName = "chat_template.jinja";
    public const string ProcessorFileName = "chat_template.json";
    public const string Field = "chat_template";
    public const string Folder = "additional_chat_templates/";
    public const string Extension = ".jinja";
    private const string DefaultName = "default";

    /// <summary>
    /// What a folder has, by transformers' rule: chat_template.jinja and the files of additional_chat_templates go before the field of
    /// tokenizer_config.json. Where there is neither, what processors have in chat_template.json.
    /// </summary>
    /// <param name="root">The folder.</param>
    /// <returns>Null where it has none.</returns>
    public static ChatTemplate? Of(InputRoot root)
    {
        InputFile? file = root.FindBeside(FileName);
        ImmutableArray<(string, string)> named =
        [
            .. root.Files.Where(other => other.IsBeside && IsNamed(other.RelativePath)).Select(other => (NameOf(other.RelativePath), Read(other))),
        ];
        ChatTemplate? inField = OfField(root, "tokenizer_config.json");
        if (file is not null || !named.IsEmpty)
        {
            var ofFiles = new ChatTemplate(file is null ? inField?.Default : Read(file), named, file?.FullPath ?? inField?.Source ?? root.Path);
            return ofFiles with { IsNotThatOfField = inField is not null && !inField.SaysTheSameAs(ofFiles) };
        }
        ChatTemplate? ofProcessors = OfField(root, ProcessorFileName);
        return inField is null ? ofProcessors : inField with { IsNotThatOfProcessors = ofProcessors is not null && ofProcessors.Default != inField.Default };
    }

    /// <summary>The template of tokenizer_config.json, or of chat_template.json.</summary>
    public static ChatTemplate? OfField(InputRoot root, string name) =>
        root.FindBeside(name) is InputFile file && JsonSideFile.TryRead(SideSource.Of(file)) is { } json ? OfValue(json[Field], file.FullPath) : null;

    public static bool IsNamed(string relativePath) =>
        relativePath.StartsWith(Folder, StringComparison.Ordinal) && relativePath.EndsWith(Extension, StringComparison.Ordinal);

    /// <summary>Whether two folders' templates write the same: Jinja drops one line break at the end.</summary>
    public bool SaysTheSameAs(ChatTemplate other) => WithoutLastBreak(Default) == WithoutLastBreak(other.Default)
        && Named.Select(Trimmed).SequenceEqual(other.Named.Select(Trimmed));

    /// <summary>The field's value: the text, or a list where there are several.</summary>
    public JsonNode ToField() => Named.IsEmpty
        ? JsonValue.Create(Default!)
        : new JsonArray([.. Default is null ? (JsonNode[])[] : [Item(DefaultName, Default)], .. Named.Select(named => Item(named.Name, named.Text))]);

    private static JsonObject Item(string name, string text) => new() { ["name"] = name, ["template"] = text };

    private static ChatTemplate? OfValue(JsonNode? value, string file)
    {
        if (value is JsonValue single && single.TryGetValue(out string? text))
            return new ChatTemplate(text, [], file);
        (string Name, string Text)[] items = value switch
        {
            JsonArray list => [.. list.OfType<JsonObject>().Select(item => (Name: item.Text("name"), Text: item.Text("template")))
                .Where(item => item.Name is not null && item.Text is not null).Select(item => (item.Name!, item.Text!))],
            JsonObject map => [.. map.Select(pair => pair.Key).Where(key => map.Text(key) is not null).Select(key => (key, map.Text(key)!))],
            _ => [],
        };
        if (items.Length == 0)
            return null;
        return new ChatTemplate(
            items.FirstOrDefault(item => item.Name == DefaultName).Text,
            [.. items.Where(item => item.Name != DefaultName).DistinctBy(item => item.Name).OrderBy(item => item.Name, StringComparer.Ordinal)], file);
    }

    private static string NameOf(string relativePath) => relativePath[Folder.Length..^Extension.Length];

    private static string Read(InputFile file) => Encoding.UTF8.GetString(SideSource.Of(file)!.ReadBytes(JsonFile.LongestConfig)).TrimStart('\uFEFF');

    private static (string Name, string? Text) Trimmed((string Name, string Text) named) => (named.Name, WithoutLastBreak(named.Text));

    private static string? WithoutLastBreak(string? text) => text?.EndsWith('\n') == true ? text[..^1] : text;
}
