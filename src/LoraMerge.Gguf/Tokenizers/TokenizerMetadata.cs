using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Reads a model's tokenizer, and writes it as keys of the file.</summary>
internal sealed class TokenizerMetadata
{
    private const string ConfigFile = "tokenizer_config.json";
    private const string AddedFile = "added_tokens.json";

    private readonly TokenizerRules _rules;
    private readonly JsonElement? _json;
    private readonly JsonElement? _config;
    private readonly JsonElement? _added;
    private readonly ImmutableArray<SentencePieceModel.Piece> _pieces; // default where there is no tokenizer.model
    private readonly BytePairModel? _bytePairs; // null where there is one

    /// <param name="files">Of the merged model.</param>
    /// <param name="rules">Of the architecture.</param>
    /// <exception cref="GgufLayoutException">TokenizerMissing, TokenizerInvalid, TokenizerNotSayable.</exception>
    public TokenizerMetadata(SideFiles files, TokenizerRules rules)
    {
        _rules = rules;
        _config = files.Json(ConfigFile);
        _added = files.Json(AddedFile);
        byte[]? model = files.Bytes(SentencePieceModel.FileName);
        using Stream? stream = files.Open(BytePairModel.FileName);
        bool isSentencePiece = model is not null && !rules.IsOfGemma4 && (stream is null || SentencePieceModel.Begins(model));
        TokenizerFile? json = stream is null ? null : TokenizerFile.Read(stream, keepsModel: !isSentencePiece);
        _json = json?.Json;
        if (isSentencePiece)
            _pieces = SentencePieceModel.Read(model!);
        else if (json is not null)
            _bytePairs = BytePairModel.Read(json);
        else
            throw LayoutErrors.TokenizerMissing($"{BytePairModel.FileName} or {SentencePieceModel.FileName}");
    }

    /// <summary>How many tokens there are at least: one more than the largest number.</summary>
    public long Count => 1 + Math.Max(
        _bytePairs is null ? _pieces.Length - 1 : _bytePairs.Vocabulary.Max(token => token.Id),
        AddedTokens.Select(token => token.Id).DefaultIfEmpty(-1).Max());

    private IEnumerable<AddedToken> AddedTokens => [.. AddedToken.OfTokenizer(_json), .. AddedToken.OfConfig(_config)];

    /// <summary>Writes the keys.</summary>
    /// <param name="metadata">Where they go.</param>
    /// <param name="count">Rows of the embedding.</param>
    /// <param name="config">config.json.</param>
    /// <param name="notes">Sentences for the user.</param>
    /// <exception cref="GgufLayoutException">TokenizerInvalid, TokenizerNotSayable, PreTokenizerUnknown, VocabularyMismatch.</exception>
    public void Describe(GgufMetadata metadata, long count, JsonElement config, List<string> notes)
    {
        var tokens = new TokenList(count);
        if (_bytePairs is null)
        {
            LayPieces(tokens, notes);
            DescribeSentencePiece(metadata, tokens, SentencePieceModel.FileName, null);
        }
        else if (_rules.IsOfGemma4)
        {
            Gemma4Tokens.Lay(tokens, _bytePairs, AddedToken.OfTokenizer(_json), SpecialTexts());
            DescribeGemma4(metadata, tokens, _bytePairs);
        }
        else if (_bytePairs.HasByteFallback)
        {
            LayBytePairs(tokens, isScored: true);
            DescribeSentencePiece(metadata, tokens, BytePairModel.FileName, HasPrefixInJson());
        }
        else
        {
            LayBytePairs(tokens, isScored: false);
            DescribeByteLevel(metadata, tokens, _bytePairs);
        }

        SpecialTokens.Describe(metadata, tokens, _json, _config, config, _rules);
        if (_rules.IsOfGemma4)
            metadata.Set("tokenizer.ggml.add_bos_token", true); // readers do, whatever the file says
    }

    private void LayPieces(TokenList tokens, List<string> notes)
    {
        if (_pieces.Length > tokens.Count)
            throw LayoutErrors.VocabularyTooSmall(SentencePieceModel.FileName, _pieces.Length - 1, _pieces[^1].Text, tokens.Count);
        for (int i = 0; i < _pieces.Length; i++)
            tokens.Set(i, _pieces[i].Text, _pieces[i].Type == TokenType.UserDefined ? TokenType.Normal : _pieces[i].Type, _pieces[i].Score);

        var beyond = new SortedSet<long>();
        foreach (JsonProperty token in _added is { } added ? [.. added.EnumerateObject()] : Array.Empty<JsonProperty>())
        {
            if (token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt64(out long id) && IsWithin(id))
                tokens.Set(id, token.Name, TokenType.UserDefined, TokenList.AddedScore);
        }

        foreach (AddedToken token in AddedToken.OfConfig(_config).Where(token => IsWithin(token.Id)))
            Add(token);
        foreach (AddedToken token in AddedToken.OfTokenizer(_json))
        {
            if (IsWithin(token.Id) && (_rules.TakesAddedTokensOfJson || tokens.IsUnused(token.Id)))
                Add(token);
        }

        if (beyond.Count > 0)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"The tokenizer adds {beyond.Count} tokens from number {beyond.Min} on, which are left out: the embedding has {tokens.Count} rows."));
        }

        bool IsWithin(long id)
        {
            bool isWithin = id >= 0 && id < tokens.Count;
            if (!isWithin)
                beyond.Add(id);
            return isWithin;
        }

        void Add(AddedToken token)
        {
            if (_rules.TakesAddedTokensOfJson)
                tokens.Set(token.Id, token.Text, token.IsSpecial ? TokenType.Control : TokenType.UserDefined, TokenList.AddedScore);
            else
                tokens.SetAdded(token.Id, token.Text, token.IsSpecial);
        }
    }

    private void LayBytePairs(TokenList tokens, bool isScored)
    {
        BytePairModel model = _bytePairs!;
        float lowest = -1 - model.Merges.Length;
        Dictionary<string, float> scores = isScored ? ScoresByMerges(model) : [];
        foreach ((string text, long id) in model.Vocabulary)
        {
            tokens.ThrowIfBeyond(BytePairModel.FileName, id, text);
            TokenType type = model.HasByteFallback && TokenList.IsByte(text) ? TokenType.Byte
                : model.HasByteFallback && text == model.Unknown ? TokenType.Unknown
                : TokenType.Normal;
            tokens.Set(id, text, type, scores.GetValueOrDefault(text, lowest));
        }

        ImmutableHashSet<string> special = SpecialTexts();
        foreach (AddedToken token in AddedToken.OfConfig(_config).Concat(AddedToken.OfTokenizer(_json)))
        {
            tokens.ThrowIfBeyond(BytePairModel.FileName, token.Id, token.Text);
            tokens.SetAdded(token.Id, token.Text, special.Contains(token.Text));
        }
    }

    /// <summary>Texts that one of the files calls special, or names as a special token.</summary>
    private ImmutableHashSet<string> SpecialTexts()
    {
        IEnumerable<string?> named = _config is not { } config ? [] :
        [
            .. ((string[])["bos", "eos", "unk", "sep", "pad", "cls", "mask"]).Select(kind => config.SpecialToken($"{kind}_token")),
            .. config.List("additional_special_tokens").Select(token => token.ValueKind == JsonValueKind.String ? token.GetString() : token.Text("content")),
        ];
        return [.. AddedTokens.Where(token => token.IsSpecial).Select(token => token.Text), .. named.OfType<string>()];
    }

    private void DescribeSentencePiece(GgufMetadata metadata, TokenList tokens, string file, bool? prefixInJson)
    {
        tokens.ThrowIfTwice(file);
        metadata.Add("tokenizer.ggml.model", "llama");
        metadata.Add("tokenizer.ggml.pre", "default");
        metadata.Add("tokenizer.ggml.tokens", tokens.Texts);
        metadata.Add("tokenizer.ggml.scores", tokens.Scores);
        metadata.Add("tokenizer.ggml.token_type", tokens.Types);
        bool? said = _rules.SaysSpacePrefix ? _config?.Flag("add_prefix_space") : null;
        if ((_rules.SpacePrefix ?? said ?? prefixInJson) is { } prefix)
            metadata.Add("tokenizer.ggml.add_space_prefix", prefix);
    }

    private void DescribeByteLevel(GgufMetadata metadata, TokenList tokens, BytePairModel model)
    {
        ThrowIfNormalised();
        tokens.ThrowIfTwice(BytePairModel.FileName);
        metadata.Add("tokenizer.ggml.model", "gpt2");
        metadata.Add("tokenizer.ggml.pre", PreTokenizer.NameOf(_json!.Value, model.IgnoresMerges, _rules.PreTokenizer));
        metadata.Add("tokenizer.ggml.tokens", tokens.Texts);
        metadata.Add("tokenizer.ggml.token_type", tokens.Types);
        metadata.Add("tokenizer.ggml.merges", MergesOf(model));
    }

    private void DescribeGemma4(GgufMetadata metadata, TokenList tokens, BytePairModel model)
    {
        Gemma4Tokens.ThrowIfOther(model, _json!.Value);
        tokens.ThrowIfTwice(BytePairModel.FileName);
        metadata.Add("tokenizer.ggml.model", "gemma4");
        metadata.Add("tokenizer.ggml.tokens", tokens.Texts);
        metadata.Add("tokenizer.ggml.scores", tokens.Scores);
        metadata.Add("tokenizer.ggml.token_type", tokens.Types);
        metadata.Add("tokenizer.ggml.merges", MergesOf(model));
        metadata.Add("tokenizer.ggml.add_space_prefix", false);
    }

    private static string[] MergesOf(BytePairModel model) => [.. model.Merges.Select(TextOf)];

    /// <summary>Composing characters (NFC) is taken: readers do not do it, but all texts of the field are composed.</summary>
    private void ThrowIfNormalised()
    {
        JsonElement? normaliser = _json?.Field("normalizer");
        IEnumerable<string?> kinds = normaliser is not { } one ? []
            : one.Text("type") == "Sequence" ? one.List("normalizers").Select(inner => inner.Text("type"))
            : [one.Text("type")];
        if (kinds.FirstOrDefault(kind => kind != "NFC") is { } other)
            throw LayoutErrors.TokenizerNotSayable(BytePairModel.FileName, $"changes texts before it splits them ({other}), for which GGUF has no word");
    }

    /// <summary>Whether tokenizer.json puts a blank before a text; null where it does, which readers assume.</summary>
    private bool? HasPrefixInJson()
    {
        string normaliser = _json?.Field("normalizer")?.GetRawText() ?? "";
        bool isPrepended = normaliser.Contains("\"Prepend\"", StringComparison.Ordinal)
            || (_json?.Field("pre_tokenizer") is { } pre
                && pre.Text("type") == "Metaspace"
                && pre.Text("prepend_scheme") is not "never"
                && pre.Flag("add_prefix_space") != false);
        return isPrepended ? null : false;
    }

    /// <summary>SentencePiece's merges by falling scores: a piece has the place of the first merge that makes it.</summary>
    private static Dictionary<string, float> ScoresByMerges(BytePairModel model)
    {
        var scores = new Dictionary<string, float>(model.Vocabulary.Length, StringComparer.Ordinal);
        for (int i = 0; i < model.Merges.Length; i++)
            scores.TryAdd(model.Merges[i].Text, -i);
        return scores;
    }

    /// <summary>A blank parts a merge in the file; inside a part it is written as byte-level vocabularies write it.</summary>
    private static string TextOf(BytePairMerge merge) => merge.Text.Replace(' ', '\u0120').Insert(merge.LeftLength, " ");
}
