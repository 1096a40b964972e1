using System.Globalization;
using System.Text;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Formats.Gguf;

/// <summary>What Ollama makes a model of: which file, how a conversation becomes one text, and at which tokens an answer ends.</summary>
internal static class Modelfile
{
    public const string Name = "Modelfile";

    /// <param name="file">Name of the GGUF file beside it.</param>
    /// <param name="metadata">Its keys.</param>
    public static byte[] Of(string file, GgufMetadata metadata)
    {
        ConversationForm? form = metadata.TryGetText("tokenizer.chat_template", out string? template) ? ConversationForm.Find(template) : ConversationForm.None;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"FROM ./{file}\n");
        if (form is not null)
            text.Append(CultureInfo.InvariantCulture, $"TEMPLATE \"\"\"{form.Template}\"\"\"\n");
        else
            text.Append("# The chat template of the file is none that is known here: Ollama looks for its like itself.\n");
        foreach (string stop in StopsOf(form, metadata).Where(CanBeSaid).Distinct(StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"PARAMETER stop {Quoted(stop)}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Ollama knows no escapes: three quotes hold one, and only the end of a line ends a value.</summary>
    private static string Quoted(string stop) => stop.Contains('"', StringComparison.Ordinal) ? $"\"\"\"{stop}\"\"\"" : $"\"{stop}\"";

    /// <summary>Whether it is of one line. Another could go on as any command; and as the file has its number, Ollama ends there without being told.</summary>
    private static bool CanBeSaid(string stop) => stop.Length > 0 && !stop.Any(char.IsControl);

    /// <summary>The tokens that end an answer by their number, and those by which the template ends a turn.</summary>
    private static IEnumerable<string> StopsOf(ConversationForm? form, GgufMetadata metadata)
    {
        string[] tokens = metadata.TryGet("tokenizer.ggml.tokens", out GgufValue value) ? (string[])value.Value : [];
        foreach (string key in (string[])["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"])
        {
            if (metadata.TryGet(key, out GgufValue id) && id.AsInteger() is long number and >= 0 && number < tokens.Length)
                yield return tokens[number];
        }
        foreach (string stop in form?.Stops.Where(tokens.Contains) ?? [])
            yield return stop;
    }
}
