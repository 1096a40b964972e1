using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace SampleApp;

/// <summary>Cuts text into tokens (short words and parts of words, each with a number that the model knows) and puts it together again.</summary>
internal sealed partial class StoryTokenizer
{
    private readonly BpeTokenizer _bpe;

    private StoryTokenizer(BpeTokenizer bpe) => _bpe = bpe;

    /// <summary>Reads the "model" of a tokenizer.json: byte-pair encoding over the bytes of UTF-8 text.</summary>
    public static StoryTokenizer Load(string path)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement model = file.RootElement.GetProperty("model");

        // Token -> number. All 256 bytes are in it, so no text is unknown.
        IEnumerable<KeyValuePair<string, int>> vocabulary = model.GetProperty("vocab").EnumerateObject()
            .Select(entry => KeyValuePair.Create(entry.Name, entry.Value.GetInt32()));

        // "t he": which neighbours become one token; earlier lines go first.
        IEnumerable<string> merges = model.GetProperty("merges").EnumerateArray().Select(ReadMerge);

        return new StoryTokenizer(BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(WordsAndSigns, specialTokens: null),
        }));
    }

    public IReadOnlyList<int> Encode(string text) => _bpe.EncodeToIds(text);

    /// <summary>The text of the tokens, piece by piece. A character whose bytes are spread over several tokens comes with the last of them.</summary>
    public IEnumerable<string> DecodeStream(IEnumerable<int> tokens)
    {
        List<int> pending = [];
        foreach (int token in tokens)
        {
            pending.Add(token);
            string piece = _bpe.Decode(pending);
            if (piece.EndsWith('\uFFFD')) // "replacement character": the bytes so far are not a whole character
                continue;

            pending.Clear();
            yield return piece;
        }

        if (pending is not [])
            yield return _bpe.Decode(pending);
    }

    /// <summary>A pair is written "t he" or, since tokenizers 0.20, ["t", "he"].</summary>
    private static string ReadMerge(JsonElement pair) =>
        pair.ValueKind == JsonValueKind.String ? pair.GetString()! : $"{pair[0].GetString()} {pair[1].GetString()}";

    /// <summary>
    /// GPT-2's rule, which tokenizer.json means by "ByteLevel" with "use_regex": no token reaches over the border of a word, and a word begins with its space.
    /// </summary>
    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex WordsAndSigns { get; }
}
