using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Beside;

/// <summary>Reads a tokenizer.json in one pass, without a tree of it.</summary>
internal sealed class TokenizerDigest
{
    /// <summary>Not in UTF-8, so that texts cannot run into one another.</summary>
    private const byte Separator = 0xFF;

    private readonly XxHash128 _vocabulary = new();
    private readonly XxHash128 _rest = new();
    private readonly TokenizerPath _path = new();
    private long _largestId = -1;
    private long _listed = -1;
    private MergesForm? _merges;
    private bool _hasLimits;

    public TokenizerJson Read(Stream stream)
    {
        var json = new JsonStream(stream);
        bool isId = false;
        while (json.Read())
        {
            ref Utf8JsonReader reader = ref json.Reader;
            bool isMerge = _path.IsMerges && _path.Depth == TokenizerPath.DepthOfMerge - 1
                && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.String;
            _path.Step(ref json);
            if (isMerge && _path.IsMerges)
            {
                AddMerge(ref json);
                continue;
            }
            if (_path.Section == "version" || TokenizerJson.Limits.Contains(_path.Section))
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

    private void AddMerge(ref JsonStream json)
    {
        string text;
        if (json.Reader.TokenType == JsonTokenType.String)
        {
            text = json.Reader.GetString()!;
            _merges ??= MergesForm.Texts;
        }
        else
        {
            string[] parts = TokenizerRewrite.PartsOfMerge(ref json, _path);
            bool hasBlank = parts.Any(part => part.Contains(' '));
            text = string.Join(hasBlank ? '\0' : ' ', parts);
            _merges = hasBlank ? MergesForm.ListsWithBlanks : _merges ?? MergesForm.Lists;
        }
        _vocabulary.Append([Separator]);
        _vocabulary.Append(Encoding.UTF8.GetBytes(text));
    }

    private static void Hash(ref Utf8JsonReader reader, XxHash128 hash)
    {
        hash.Append([Separator, (byte)reader.TokenType]);
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            hash.Append(Encoding.UTF8.GetBytes(reader.GetString()!));
        else
            hash.Append(reader.ValueSpan);
    }

    /// <summary>Vocabularies are tokens with numbers, or a list of tokens with scores, numbered by their places.</summary>
    private void Count(ref Utf8JsonReader reader, bool isId)
    {
        bool isNumber = isId || (_path.Field == "vocab" && _path.Depth == TokenizerPath.DepthOfToken);
        if (isNumber && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long id))
            _largestId = Math.Max(_largestId, id);
        else if (reader.TokenType == JsonTokenType.StartArray && _path.Field == "vocab" && _path.Depth == TokenizerPath.DepthOfToken + 1)
            _listed++;
    }
}
