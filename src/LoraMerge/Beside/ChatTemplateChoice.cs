using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>The chat template of the merged model: that of the last adapter which has one, else the base's.</summary>
/// <param name="Template">The template.</param>
/// <param name="Adapter">The adapter that it is of; null for the base.</param>
/// <param name="HasOtherForProcessors">
/// Whether processors of images and sound have a template of their own beside that of the tokenizer. They take chat_template.jinja before it, so there must be
/// none.
/// </param>
internal sealed record ChatTemplateChoice(ChatTemplate Template, Adapter? Adapter, bool HasOtherForProcessors)
{
    private const string ConfigName = "tokenizer_config.json";

    /// <returns>Null where neither has one.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static ChatTemplateChoice? Of(Checkpoint checkpoint, ImmutableArray<Adapter> adapters, ICollection<MergeEvent> notes)
    {
        ChatTemplate? ofBase = ChatTemplate.Of(checkpoint.Files);
        foreach (Adapter adapter in adapters.Reverse())
        {
            if (ChatTemplate.Of(adapter.Files) is not ChatTemplate template)
                continue;
            if (ofBase is not null && !template.SaysTheSameAs(ofBase))
                notes.Add(Notes.ChatTemplatesDiffer(adapter.Path, checkpoint.Path));
            return Told(new ChatTemplateChoice(template, adapter, HaveOther(template, ofBase)));
        }
        return ofBase is null ? null : Told(new ChatTemplateChoice(ofBase, null, HaveOther(ofBase, ofBase)));

        ChatTemplateChoice Told(ChatTemplateChoice choice)
        {
            if (choice.Template.IsNotThatOfField)
                notes.Add(Notes.ChatTemplateOfFieldPassedOver(choice.Template.Source));
            return choice;
        }
    }

    /// <summary>
    /// Makes all readers see it: some take the file first, some the field of tokenizer_config.json first, and some know one of them alone. Templates that
    /// the choice does not hold go.
    /// </summary>
    /// <param name="files">The files beside the weights.</param>
    /// <param name="notes">What the user should know.</param>
    public void WriteTo(SideFileSet files, ICollection<MergeEvent> notes)
    {
        foreach (string name in files.Names.Where(ChatTemplate.IsNamed).ToArray())
            files.Remove(name);
        if (HasOtherForProcessors || HasUnsayableName(notes))
            files.Remove(ChatTemplate.FileName);
        else
            WriteFiles(files);
        WriteField(files, ConfigName, Template.ToField());
        if (Template.Default is not null && !HasOtherForProcessors)
            WriteField(files, ChatTemplate.ProcessorFileName, JsonValue.Create(Template.Default));
    }

    private static bool HaveOther(ChatTemplate chosen, ChatTemplate? ofBase) =>
        Path.GetFileName(chosen.Source) == ConfigName && (chosen.IsNotThatOfProcessors || ofBase?.IsNotThatOfProcessors == true);

    private void WriteFiles(SideFileSet files)
    {
        if (Template.Default is null)
            files.Remove(ChatTemplate.FileName);
        else
            WriteText(files, ChatTemplate.FileName, Template.Default);
        foreach ((string name, string text) in Template.Named)
            WriteText(files, ChatTemplate.Folder + name + ChatTemplate.Extension, text);
    }

    private void WriteText(SideFileSet files, string name, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (files.BytesOf(name) is not SideSource there || !there.HasSameBytesAs(new SideSource(Template.Source, bytes)))
            files.Write(name, Template.Source, bytes);
    }

    /// <summary>Names of templates become names of files. Where one cannot, the list in the field is all that there is.</summary>
    private bool HasUnsayableName(ICollection<MergeEvent> notes)
    {
        const int longest = 100;
        string? unsayable = Template.Named.Select(named => named.Name)
            .FirstOrDefault(name => name.Length is 0 or > longest || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));
        if (unsayable is not null)
            notes.Add(Notes.ChatTemplateNameUnsayable(unsayable, Template.Source));
        return unsayable is not null;
    }

    private static void WriteField(SideFileSet files, string name, JsonNode value)
    {
        if (files.Json(name) is not { } json || JsonNode.DeepEquals(json[ChatTemplate.Field], value))
            return;
        json[ChatTemplate.Field] = value;
        files.Write(name, files.SourceOf(name)!, JsonFile.ToBytes(json));
    }
}
