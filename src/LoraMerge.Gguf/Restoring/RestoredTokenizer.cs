using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Restoring;

/// <summary>
/// The tokenizer of a GGUF file as Hugging Face's files: tokenizer.json of byte pairs, or tokenizer.model of SentencePiece, and
/// tokenizer_config.json.
/// </summary>
internal sealed class RestoredTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    private static readonly ImmutableArray<(string Kind, string Key)> Kinds =
        [("bos", "bos_token_id"), ("eos", "eos_token_id"), ("unk", "unknown_token_id"), ("pad", "padding_token_id")];

    private readonly GgufMetadata _metadata;
    private readonly string _path;
    private readonly string[] _texts;
    private readonly int[] _types;

    private RestoredTokenizer(GgufModel model)
    {
        _metadata = model.Metadata;
        _path = model.Paths.First();
        _texts = ArrayOf<string>("tokens") ?? throw NotRestorable("tokens", "texts");
        _types = ArrayOf<int>("token_type") ?? throw NotRestorable("token_type", "int32 numbers");
        if (_types.Length != _texts.Length)
            throw NotRestorable("token_type", string.Create(CultureInfo.InvariantCulture, $"as many numbers as tokens ({_texts.Length})"));
    }

    /// <summary>The end of a text, and its beginning.</summary>
    public JsonObject GenerationConfig { get; } = [];

    /// <summary>That of a file; null where the file has none, as some that were made for weights alone.</summary>
    /// <exception cref="GgufLayoutException">FileNotRestorable.</exception>
    public static RestoredTokenizer? Of(GgufModel model) =>
        model.Metadata.TryGetText(Prefix + "model", out string? kind) && kind is not ("none" or "no_vocab") ? new RestoredTokenizer(model) : null;

    /// <summary>Its files: name and bytes.</summary>
    /// <exception cref="GgufLayoutException">FileNotRestorable: it is of a kind that is not known here, or not whole.</exception>
    public ImmutableDictionary<string, byte[]> Files()
    {
        bool isSentencePiece = Text("model") == "llama";
        if (!isSentencePiece && Text("model") != "gpt2")
            throw NotRestorable("model", "gpt2 (byte pairs) or llama (SentencePiece)");
        return ImmutableDictionary<string, byte[]>.Empty
            .Add(isSentencePiece ? SentencePieceModel.FileName : BytePairModel.FileName,
                isSentencePiece ? SentencePiece() : RestoredModel.ToBytes(BytePairs()))
            .Add("tokenizer_config.json", RestoredModel.ToBytes(Config(isSentencePiece)));
    }

    /// <summary>Says in config.json what the tokenizer decides.</summary>
    public void Describe(JsonObject config)
    {
        foreach ((string kind, string key) in Kinds)
        {
            if (IdOf(key) is not { } id)
                continue;
            config[$"{kind}_token_id"] = id;
            if (kind != "unk")
                GenerationConfig[$"{kind}_token_id"] = id;
        }
    }

    private JsonObject BytePairs()
    {
        string pre = Text("pre") ?? "default";
        var vocabulary = new JsonObject();
        var added = new JsonArray();
        for (int i = 0; i < _texts.Length; i++)
        {
            if (_types[i] is (int)TokenType.Control or (int)TokenType.UserDefined)
                added.Add(Added(i, withId: true));
            else if (_types[i] != (int)TokenType.Unused && !vocabulary.TryAdd(_texts[i], i))
                throw NotRestorable("tokens", $"each text once, but {GgufFormatException.Quote(_texts[i])} is there twice");
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = PreTokenizer.JsonOf(pre)
                ?? throw NotRestorable("pre", $"a name whose expressions are known (it is {GgufFormatException.Quote(pre)})"),
            ["post_processor"] = PostProcessor(),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = pre is "llama-bpe" or "llama3" or "llama-v3" or "falcon3" or "pixtral" or "tekken" or "lfm2",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. (ArrayOf<string>("merges") ?? throw NotRestorable("merges", "texts")).Select(merge => JsonValue.Create(merge))]),
            },
        };
    }

    /// <summary>Puts the tokens around a text that readers add.</summary>
    private JsonObject PostProcessor()
    {
        var single = new JsonArray(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        var pair = new JsonArray(
            new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } },
            new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "B", ["type_id"] = 1 } });
        var special = new JsonObject();
        AddEnd("add_bos_token", "bos_token_id", 0);
        AddEnd("add_eos_token", "eos_token_id", 1);
        return special.Count == 0
            ? new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = false, ["use_regex"] = true }
            : new JsonObject { ["type"] = "TemplateProcessing", ["single"] = single, ["pair"] = pair, ["special_tokens"] = special };

        void AddEnd(string flag, string key, int place)
        {
            if (FlagOf(flag) != true || IdOf(key) is not { } id)
                return;
            special[_texts[id]] = new JsonObject { ["id"] = _texts[id], ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(_texts[id]) };
            single.Insert(place == 0 ? 0 : single.Count, Token(_texts[id], 0));
            pair.Insert(place == 0 ? 0 : 1, Token(_texts[id], 0));
            pair.Insert(place == 0 ? pair.Count - 1 : pair.Count, Token(_texts[id], 1));
        }

        static JsonObject Token(string text, int type) => new() { ["SpecialToken"] = new JsonObject { ["id"] = text, ["type_id"] = type } };
    }

    private byte[] SentencePiece()
    {
        float[] scores = ArrayOf<float>("scores") ?? throw NotRestorable("scores", "float32 numbers");
        if (scores.Length != _texts.Length)
            throw NotRestorable("scores", string.Create(CultureInfo.InvariantCulture, $"as many numbers as tokens ({_texts.Length})"));
        var model = new ProtocolBuffer();
        for (int i = 0; i < _texts.Length; i++)
            model.Add(1, new ProtocolBuffer().Add(1, _texts[i]).Add(2, scores[i]).Add(3, (ulong)_types[i]));
        int unknown = IdOf("unknown_token_id") ?? Math.Max(0, Array.IndexOf(_types, (int)TokenType.Unknown));
        const ulong bytePairs = 2;
        model.Add(2, new ProtocolBuffer().Add(3, bytePairs).Add(4, (ulong)_texts.Length).Add(35, 1).Add(40, (ulong)unknown)
            .Add(41, (ulong)(IdOf("bos_token_id") ?? 1)).Add(42, (ulong)(IdOf("eos_token_id") ?? 2)));
        model.Add(3, new ProtocolBuffer().Add(1, "identity").Add(3, FlagOf("add_space_prefix") == false ? 0UL : 1).Add(4, 0).Add(5, 1));
        return model.ToArray();
    }

    private JsonObject Config(bool isSentencePiece)
    {
        var config = new JsonObject
        {
            ["tokenizer_class"] = isSentencePiece ? "LlamaTokenizer" : "PreTrainedTokenizerFast",
            ["clean_up_tokenization_spaces"] = false,
        };
        var added = new JsonObject();
        for (int i = 0; i < _texts.Length; i++)
        {
            if (_types[i] is (int)TokenType.Control or (int)TokenType.UserDefined)
                added[i.ToString(CultureInfo.InvariantCulture)] = Added(i, withId: false);
        }

        config["added_tokens_decoder"] = added;
        foreach ((string kind, string key) in Kinds)
            config[$"{kind}_token"] = IdOf(key) is { } id ? _texts[id] : null;
        foreach (string flag in (string[])["add_bos_token", "add_eos_token"])
        {
            if (FlagOf(flag) is { } isAdded)
                config[flag] = isAdded;
        }

        if (FlagOf("add_space_prefix") is { } prefix)
            config["add_prefix_space"] = prefix;
        AddTemplate(config);
        return config;
    }

    private void AddTemplate(JsonObject config)
    {
        string? plain = _metadata.TryGetText("tokenizer.chat_template", out string? template) ? template : null;
        string[] names = _metadata.TryGet("tokenizer.chat_templates", out GgufValue value) && value.Value is string[] list ? list : [];
        var all = new JsonArray();
        foreach (string name in names)
        {
            if (_metadata.TryGetText($"tokenizer.chat_template.{name}", out string? text))
                all.Add(new JsonObject { ["name"] = name, ["template"] = text });
        }

        if (all.Count > 0 && plain is not null)
            all.Insert(0, new JsonObject { ["name"] = "default", ["template"] = plain });
        if (all.Count > 0)
            config["chat_template"] = all;
        else if (plain is not null)
            config["chat_template"] = plain;
    }

    private JsonObject Added(int id, bool withId)
    {
        var token = new JsonObject
        {
            ["content"] = _texts[id], ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
            ["special"] = _types[id] == (int)TokenType.Control,
        };
        if (withId)
            token.Insert(0, "id", id);
        return token;
    }

    private string? Text(string key) => _metadata.TryGetText(Prefix + key, out string? text) ? text : null;

    private bool? FlagOf(string key) => _metadata.TryGet(Prefix + key, out GgufValue value) ? value.Value as bool? : null;

    private int? IdOf(string key) =>
        _metadata.TryGet(Prefix + key, out GgufValue value) && value.AsInteger() is { } id && id >= 0 && id < _texts.Length ? (int)id : null;

    private T[]? ArrayOf<T>(string key) =>
        _metadata.TryGet(Prefix + key, out GgufValue value) && value.Value.GetType() == typeof(T[]) ? (T[])value.Value : null;

    private GgufLayoutException NotRestorable(string key, string expected) => LayoutErrors.FileTokenizerNotRestorable(_path, Prefix + key, expected);
}
