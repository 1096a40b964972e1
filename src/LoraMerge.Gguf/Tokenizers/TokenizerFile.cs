using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>A tokenizer.json, read in one pass: what it says as a tree, and its tokens and merges, which are nearly all of its bytes, beside that.</summary>
internal sealed class TokenizerFile
{
    private readonly ImmutableArray<(string Text, long Id)>.Builder _tokens = ImmutableArray.CreateBuilder<(string, long)>();
    private readonly ImmutableArray<BytePairMerge>.Builder _merges = ImmutableArray.CreateBuilder<BytePairMerge>();
    private readonly HashSet<long> _ids = [];
    private readonly bool _keepsModel;

    private TokenizerFile(bool keepsModel)
    {
        _keepsModel = keepsModel;
    }

    /// <summary>The object in the file, without the tokens and merges of its model.</summary>
    public JsonElement Json { get; private set; }

    /// <summary>Text and number of each token.</summary>
    public ImmutableArray<(string Text, long Id)> Tokens { get; private set; } = [];

    /// <summary>In the order in which they are tried.</summary>
    public ImmutableArray<BytePairMerge> Merges { get; private set; } = [];

    /// <summary>What is wrong with the tokens; null where nothing is.</summary>
    public GgufLayoutException? TokenFault { get; private set; }

    /// <summary>What is wrong with the merges; null where nothing is.</summary>
    public GgufLayoutException? MergeFault { get; private set; }

    /// <param name="stream">The file.</param>
    /// <param name="keepsModel">Whether tokens and merges are kept.</param>
    /// <exception cref="GgufLayoutException">TokenizerInvalid: it is no JSON object.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TokenizerFile Read(Stream stream, bool keepsModel)
    {
        var file = new TokenizerFile(keepsModel);
        try
        {
            var json = new JsonStream(stream);
            file.Read(ref json);
            return file;
        }
        catch (InvalidOperationException)
        {
            throw LayoutErrors.TokenizerInvalid(BytePairModel.FileName, "a text in it is not Unicode");
        }
        catch (JsonException e)
        {
            throw LayoutErrors.TokenizerInvalid(BytePairModel.FileName, $"it is no JSON ({e.Message.TrimEnd('.')})");
        }
    }

    private void Read(ref JsonStream json)
    {
        var rest = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(rest, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            string? section = null;
            while (json.Read())
            {
                if (json.Reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 })
                {
                    section = json.Reader.GetString();
                    if (section == "model")
                        Begin();
                }
                if (json.Reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 2 } && section == "model" && ReadModel(ref json))
                    continue;
                json.CopyTo(writer);
            }
        }
        Json = JsonDocument.Parse(rest.WrittenMemory).RootElement;
        if (Json.ValueKind != JsonValueKind.Object)
            throw LayoutErrors.TokenizerInvalid(BytePairModel.FileName, "there is no object at its top");
        (Tokens, Merges) = (_tokens.DrainToImmutable(), _merges.DrainToImmutable());
    }

    /// <summary>Of a field that is there twice the last one counts.</summary>
    private void Begin()
    {
        BeginTokens();
        BeginMerges();
    }

    private void BeginTokens()
    {
        _tokens.Clear();
        _ids.Clear();
        TokenFault = null;
    }

    private void BeginMerges()
    {
        _merges.Clear();
        MergeFault = null;
    }

    /// <summary>Reads a field of the model that is kept beside the tree.</summary>
    /// <returns>Whether it is one.</returns>
    private bool ReadModel(ref JsonStream json)
    {
        if (json.Reader.ValueTextEquals("vocab"))
        {
            BeginTokens();
            json.Read();
            ReadTokens(ref json);
            return true;
        }
        if (!json.Reader.ValueTextEquals("merges"))
            return false;
        BeginMerges();
        json.Read();
        ReadMerges(ref json);
        return true;
    }

    private void ReadTokens(ref JsonStream json)
    {
        if (json.Reader.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return;
        }
        while (json.Read() && json.Reader.TokenType == JsonTokenType.PropertyName)
        {
            string text = json.Reader.GetString()!;
            json.Read();
            if (json.Reader.TokenType != JsonTokenType.Number || !json.Reader.TryGetInt64(out long id) || id < 0)
            {
                TokenFault ??= LayoutErrors.TokenizerInvalid(BytePairModel.FileName, $"token '{text}' has no number");
                json.Skip();
            }
            else if (_keepsModel && TokenFault is null)
            {
                if (_ids.Add(id))
                    _tokens.Add((text, id));
                else
                    TokenFault = LayoutErrors.TokenizerInvalid(BytePairModel.FileName, FormattableString.Invariant($"two tokens have the number {id}"));
            }
        }
    }

    private void ReadMerges(ref JsonStream json)
    {
        if (json.Reader.TokenType != JsonTokenType.StartArray)
        {
            json.Skip();
            return;
        }
        while (json.Read() && json.Reader.TokenType != JsonTokenType.EndArray)
        {
            BytePairMerge? merge = ReadMerge(ref json, out string found);
            if (merge is null)
                MergeFault ??= LayoutErrors.TokenizerInvalid(BytePairModel.FileName, $"a merge is {found[..Math.Min(found.Length, 60)]} instead of two parts");
            else if (_keepsModel)
                _merges.Add(merge.Value);
        }
    }

    /// <summary>Older files write <c>left right</c>, newer ones a pair, in which a part may hold a blank.</summary>
    private static BytePairMerge? ReadMerge(ref JsonStream json, out string found)
    {
        found = "";
        if (json.Reader.TokenType == JsonTokenType.String)
        {
            string text = json.Reader.GetString()!;
            int blank = text.IndexOf(' ');
            if (blank >= 0 && text.IndexOf(' ', blank + 1) < 0)
                return new BytePairMerge(text.Remove(blank, 1), blank);
            found = $"\"{text}\"";
            return null;
        }
        if (json.Reader.TokenType != JsonTokenType.StartArray)
        {
            found = json.Reader.TokenType == JsonTokenType.StartObject ? "an object" : System.Text.Encoding.UTF8.GetString(json.Reader.ValueSpan);
            json.Skip();
            return null;
        }
        string? left = null, right = null;
        int count = 0;
        bool areTexts = true;
        while (json.Read() && json.Reader.TokenType != JsonTokenType.EndArray)
        {
            string? part = json.Reader.TokenType == JsonTokenType.String ? json.Reader.GetString() : null;
            json.Skip();
            areTexts &= part is not null;
            (left, right) = count == 0 ? (part, right) : (left, part);
            count++;
        }
        if (count == 2 && areTexts)
            return new BytePairMerge(left + right, left!.Length);
        found = FormattableString.Invariant($"a list of {count}");
        return null;
    }
}
