using System.Text.Json;
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
    public const string FileName = "tokenizer.json";

    /// <summary>Set by a training or a call for its own texts. Transformers sets them anew, other readers do not.</summary>
    public static readonly IReadOnlyList<string> Limits = ["truncation", "padding"];

    /// <summary>The largest real ones have some 40 megabytes.</summary>
    public const int Longest = 512 << 20;

    /// <returns>Null where the file is no such JSON.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static TokenizerJson? TryRead(SideSource file)
    {
        try
        {
            return file.Read(Longest, stream => new TokenizerDigest().Read(stream));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
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
