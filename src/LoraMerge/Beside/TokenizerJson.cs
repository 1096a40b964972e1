using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>What a tokenizer.json says, as far as two of them are compared: hashes of its parts, and what forms it is written in.</summary>
/// <param name="Vocabulary">Tokens, merges and added tokens; merges count the same in both of their forms.</param>
/// <param name="Rest">All else, but for truncation and padding, which belong to one training or call.</param>
/// <param name="LargestId">The largest number of a token; -1 where there is none.</param>
/// <param name="Merges">How its merges are written; null where it has none.</param>
/// <param name="HasLimits">Whether it cuts or fills texts to some length.</param>
internal sealed record TokenizerJson(UInt128 Vocabulary, UInt128 Rest, long LargestId, MergesForm? Merges, bool HasLimits)
{
    /// <summary>Set by a training or a call for its own texts. Transformers sets them anew, other readers do not.</summary>
    private static readonly string[] Limits = ["truncation", "padding"];

    public const string FileName = "tokenizer.json";

    /// <summary>The largest real ones have some 40 megabytes.</summary>
    private const int Longest = 512 << 20;

    /// <returns>Null where the file is no such JSON.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static TokenizerJson? TryRead(string file)
    {
        try
        {
            return new Walk().Read(WithoutMark(JsonFile.ReadBytes(file, Longest)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The number of a token, one of the vocabulary or an added one; null where it has none.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static long? NumberOf(string token, string file)
    {
        try
        {
            var reader = new Utf8JsonReader(WithoutMark(JsonFile.ReadBytes(file, Longest)));
            return NumberOf(token, ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The file in a form that all readers know.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="mergesAreTexts">Whether merges in lists become texts.</param>
    /// <param name="hasLimits">Whether truncation and padding stay.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static byte[] Rewrite(string file, bool mergesAreTexts, bool hasLimits)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            var reader = new Utf8JsonReader(WithoutMark(JsonFile.ReadBytes(file, Longest)));
            Copy(ref reader, writer, mergesAreTexts, hasLimits);
        }
        return stream.ToArray();
    }

    private static long? NumberOf(string token, ref Utf8JsonReader reader)
    {
        const int depthOfToken = 3;
        var path = new JsonPath();
        (long? id, bool isToken, long listed) = (null, false, -1);
        while (reader.Read())
        {
            path.Step(ref reader);
            if (path.Section == "added_tokens" && reader.TokenType == JsonTokenType.StartObject)
                (id, isToken) = (null, false);
            else if (path.Section == "added_tokens" && reader.TokenType == JsonTokenType.PropertyName && path.Depth == depthOfToken)
            {
                bool isId = reader.ValueTextEquals("id"), isContent = reader.ValueTextEquals("content");
                reader.Read();
                path.Step(ref reader);
                id = isId && reader.TryGetInt64(out long number) ? number : id;
                isToken |= isContent && reader.ValueTextEquals(token);
            }
            else if (path.Field == "vocab" && path.Depth == depthOfToken && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(token))
                return reader.Read() && reader.TryGetInt64(out long number) ? number : null;
            else if (path.Field == "vocab" && path.Depth == depthOfToken + 1 && reader.TokenType == JsonTokenType.StartArray)
            {
                listed++;
                if (reader.Read() && reader.ValueTextEquals(token))
                    return listed;
            }
            if (isToken && id is not null)
                return id;
        }
        return null;
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) => json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? json[3..] : json;

    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer, bool mergesAreTexts, bool hasLimits)
    {
        var path = new JsonPath();
        while (reader.Read())
        {
            path.Step(ref reader);
            if (!hasLimits && path.Depth == 1 && reader.TokenType == JsonTokenType.PropertyName && Limits.Contains(path.Section))
            {
                writer.WriteNull(path.Section!);
                reader.Skip();
                continue;
            }
            if (mergesAreTexts && path.IsMerges && reader.TokenType == JsonTokenType.StartArray && path.Depth == JsonPath.DepthOfMerge)
            {
                writer.WriteStringValue(JoinedMerge(ref reader, path));
                continue;
            }
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    writer.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    writer.WriteEndObject();
                    break;
                case JsonTokenType.StartArray:
                    writer.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    writer.WriteEndArray();
                    break;
                case JsonTokenType.PropertyName:
                    writer.WritePropertyName(reader.GetString()!);
                    break;
                case JsonTokenType.String:
                    writer.WriteStringValue(reader.GetString());
                    break;
                default:
                    writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                    break;
            }
        }
    }

    private static string JoinedMerge(ref Utf8JsonReader reader, JsonPath path)
    {
        var parts = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            parts.Add(reader.GetString()!);
        path.Step(ref reader);
        return string.Join(' ', parts);
    }

    /// <summary>Where a reader stands: the names of the two outermost levels, and how deep.</summary>
    private sealed class JsonPath
    {
        public const int DepthOfMerge = 4;

        private string? _section;
        private string? _field;

        public int Depth { get; private set; }

        public string? Section => _section;

        public string? Field => _section == "model" ? _field : null;

        public bool IsMerges => Field == "merges";

        public void Step(ref Utf8JsonReader reader)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName when Depth == 1:
                    (_section, _field) = (reader.GetString(), null);
                    break;
                case JsonTokenType.PropertyName when Depth == 2:
                    _field = reader.GetString();
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Depth++;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    Depth--;
                    break;
            }
        }
    }

    /// <summary>Hashes a file in one pass.</summary>
    private sealed class Walk
    {
        private readonly XxHash128 _vocabulary = new();
        private readonly XxHash128 _rest = new();
        private readonly JsonPath _path = new();
        private long _largestId = -1;
        private long _listed = -1;
        private MergesForm? _merges;
        private bool _hasLimits;

        public TokenizerJson Read(ReadOnlySpan<byte> json)
        {
            var reader = new Utf8JsonReader(json);
            bool isId = false;
            while (reader.Read())
            {
                bool isMerge = _path.IsMerges && _path.Depth == JsonPath.DepthOfMerge - 1 && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.String;
                _path.Step(ref reader);
                if (isMerge && _path.IsMerges)
                {
                    AddMerge(ref reader);
                    continue;
                }
                if (_path.Section == "version" || Limits.Contains(_path.Section))
                {
                    _hasLimits |= _path.Section != "version" && reader.TokenType == JsonTokenType.StartObject;
                    continue;
                }
                Hash(ref reader, _path.Section == "added_tokens" || _path.Field is "vocab" ? _vocabulary : _rest);
                Count(ref reader, isId);
                isId = reader.TokenType == JsonTokenType.PropertyName && _path.Section == "added_tokens" && reader.ValueTextEquals("id");
            }
            return new TokenizerJson(_vocabulary.GetCurrentHashAsUInt128(), _rest.GetCurrentHashAsUInt128(), Math.Max(_largestId, _listed), _merges, _hasLimits);
        }

        private void AddMerge(ref Utf8JsonReader reader)
        {
            string text;
            if (reader.TokenType == JsonTokenType.String)
            {
                text = reader.GetString()!;
                _merges ??= MergesForm.Texts;
            }
            else
            {
                var parts = new List<string>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    parts.Add(reader.GetString()!);
                _path.Step(ref reader);
                text = string.Join(' ', parts);
                if (parts.Exists(part => part.Contains(' ')))
                    _merges = MergesForm.ListsWithBlanks;
                _merges ??= MergesForm.Lists;
            }
            _vocabulary.Append(Encoding.UTF8.GetBytes(text));
            _vocabulary.Append([0]);
        }

        private static void Hash(ref Utf8JsonReader reader, XxHash128 hash)
        {
            hash.Append([(byte)reader.TokenType]);
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                hash.Append(Encoding.UTF8.GetBytes(reader.GetString()!));
            else
                hash.Append(reader.ValueSpan);
        }

        /// <summary>Vocabularies are tokens with numbers, or a list of tokens with scores, numbered by their places.</summary>
        private void Count(ref Utf8JsonReader reader, bool isId)
        {
            const int depthOfToken = 4;
            if (reader.TokenType == JsonTokenType.Number && (isId || (_path.Field == "vocab" && _path.Depth == depthOfToken - 1)) && reader.TryGetInt64(out long id))
                _largestId = Math.Max(_largestId, id);
            else if (reader.TokenType == JsonTokenType.StartArray && _path.Field == "vocab" && _path.Depth == depthOfToken)
                _listed++;
        }
    }
}

/// <summary>How a tokenizer.json writes its merges.</summary>
internal enum MergesForm
{
    /// <summary><c>"a b"</c>, which all readers know.</summary>
    Texts,

    /// <summary><c>["a", "b"]</c>, which tokenizers writes since 0.20.</summary>
    Lists,

    /// <summary>Lists of which a part has a blank, so that no text can say them.</summary>
    ListsWithBlanks,
}
