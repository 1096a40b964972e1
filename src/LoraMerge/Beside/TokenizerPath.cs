using System.Text.Json;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Beside;

/// <summary>Where a reader of a tokenizer.json stands: the names of the two outermost levels, and how deep.</summary>
internal sealed class TokenizerPath
{
    /// <summary>Within one merge that is a list.</summary>
    public const int DepthOfMerge = 4;

    /// <summary>Among tokens with numbers; a list of tokens with scores has one level more.</summary>
    public const int DepthOfToken = 3;

    private string? _section;
    private string? _field;

    public int Depth { get; private set; }

    public string? Section => _section;

    public string? Field => _section == "model" ? _field : null;

    public bool IsMerges => Field == "merges";

    /// <summary>Takes note of a token that was read.</summary>
    public void Step(ref JsonStream json)
    {
        ref Utf8JsonReader reader = ref json.Reader;
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
