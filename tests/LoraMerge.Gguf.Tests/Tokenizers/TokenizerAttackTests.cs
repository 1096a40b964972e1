using System.Text.Json.Nodes;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tests.Golden;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Tests.Tokenizers;

/// <summary>Tokenizer files that are broken, or say what GGUF has no word for.</summary>
public sealed class TokenizerAttackTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_of_pieces_that_is_cut_anywhere_is_refused_or_read_never_anything_else()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-head-dim");
        byte[] model = File.ReadAllBytes(Path.Combine(golden.BaseFolder, "tokenizer.model"));

        for (int length = 0; length < model.Length; length += 7)
            AssertOnlyFaults(() => SentencePieceModel.Read(model.AsSpan(0, length)));
    }

    [Fact]
    public void A_model_of_pieces_with_bytes_changed_is_refused_or_read_never_anything_else()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-head-dim");
        byte[] model = File.ReadAllBytes(Path.Combine(golden.BaseFolder, "tokenizer.model"));
        var random = new Random(3);

        for (int i = 0; i < 2000; i++)
        {
            byte[] changed = [.. model];
            for (int j = 0; j < 3; j++)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            AssertOnlyFaults(() => SentencePieceModel.Read(changed));
        }
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F })] // longer than the file
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 })] // a number without end
    [InlineData(new byte[] { 0x0A, 0x04, 0x0A, 0x02, 0xC0, 0xAF })] // not UTF-8
    [InlineData(new byte[] { 0x0A, 0x05, 0x0A, 0x01, 0x61, 0x18, 0x09 })] // a type of 9
    [InlineData(new byte[] { 0x0A, 0x03, 0x18, 0x01, 0x00 })] // no text
    [InlineData(new byte[] { 0x0F })] // a kind of 7
    public void A_broken_model_of_pieces_is_refused(byte[] model) =>
        Assert.Equal(LayoutFault.TokenizerInvalid, Assert.Throws<GgufLayoutException>(() => SentencePieceModel.Read(model)).Fault);

    [Theory]
    [InlineData("""[]""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": 3 }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ """, LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a\ud800": 0 }, "merges": ["a b"] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": "0" }, "merges": ["a b"] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": -1 }, "merges": ["a b"] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 0, "b": 0 }, "merges": ["a b"] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": ["a b c"] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [["a"]] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [[1, 2]] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": {}, "merges": ["a b"] } }""", LayoutFault.TokenizerInvalid)]
    [InlineData("""{ "model": { "type": "WordPiece", "vocab": { "a": 0 } } }""", LayoutFault.TokenizerNotSayable)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": ["a b"], "end_of_word_suffix": "</w>" } }""", LayoutFault.TokenizerNotSayable)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 5000000000 }, "merges": ["a b"] } }""", LayoutFault.VocabularyMismatch)]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": ["a b"] } }""", LayoutFault.PreTokenizerUnknown)]
    public void A_tokenizer_that_is_broken_or_not_sayable_is_refused(string json, object fault)
    {
        File.WriteAllText(_folder.File("tokenizer.json"), json);

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => Describe());

        Assert.Equal((LayoutFault)fault, e.Fault);
        Assert.Equal("tokenizer.json", e.File);
    }

    [Theory]
    [InlineData("pre_tokenizer", """{ "type": "ByteLevel", "add_prefix_space": true, "use_regex": true }""", LayoutFault.PreTokenizerUnknown)]
    [InlineData("pre_tokenizer", """{ "type": "Whitespace" }""", LayoutFault.PreTokenizerUnknown)]
    [InlineData("pre_tokenizer", """
        { "type": "Sequence",
          "pretokenizers": [{ "type": "Split", "pattern": { "String": " " }, "behavior": "Isolated" }, { "type": "ByteLevel", "use_regex": false }] }
        """, LayoutFault.PreTokenizerUnknown)]
    [InlineData("normalizer", """{ "type": "Lowercase" }""", LayoutFault.TokenizerNotSayable)]
    [InlineData("normalizer", """{ "type": "Sequence", "normalizers": [{ "type": "NFC" }, { "type": "Replace" }] }""", LayoutFault.TokenizerNotSayable)]
    [InlineData("added_tokens", """[{ "id": 1, "content": "a", "special": true }]""", LayoutFault.TokenizerInvalid)] // a text twice
    [InlineData("added_tokens", """[{ "id": 99, "content": "<x>", "special": true }]""", LayoutFault.VocabularyMismatch)]
    public void What_a_sound_tokenizer_may_not_say(string field, string json, object fault)
    {
        JsonObject tokenizer = Sound();
        tokenizer[field] = JsonNode.Parse(json);
        File.WriteAllText(_folder.File("tokenizer.json"), tokenizer.ToJsonString());

        Assert.Equal((LayoutFault)fault, Assert.Throws<GgufLayoutException>(() => Describe()).Fault);
    }

    [Fact]
    public void A_special_token_may_be_an_object_and_a_template_puts_it_before_a_text()
    {
        JsonObject tokenizer = Sound();
        tokenizer["added_tokens"] = JsonNode.Parse("""[{ "id": 2, "content": "<s>", "special": true }, { "id": 3, "content": "\u2581x", "special": false }]""");
        tokenizer["post_processor"] = JsonNode.Parse(
            """{ "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>" } }, { "Sequence": { "id": "A" } }] }""");
        File.WriteAllText(_folder.File("tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{ "bos_token": { "content": "<s>" }, "eos_token": null }""");

        GgufMetadata metadata = Describe();

        Assert.True(metadata.TryGet("tokenizer.ggml.bos_token_id", out GgufValue bos));
        Assert.Equal(2u, bos.Value);
        Assert.True(metadata.TryGet("tokenizer.ggml.add_bos_token", out GgufValue added));
        Assert.Equal(true, added.Value);
        Assert.True(metadata.TryGet("tokenizer.ggml.tokens", out GgufValue tokens));
        Assert.Equal(["a", "b", "<s>", " x", "[PAD4]"], (string[])tokens.Value);
        Assert.True(metadata.TryGet("tokenizer.ggml.token_type", out GgufValue types));
        Assert.Equal([1, 1, 3, 4, 5], (int[])types.Value);
    }

    [Fact]
    public void A_template_that_ends_otherwise_makes_its_end_the_end_and_the_old_one_that_of_a_turn()
    {
        JsonObject tokenizer = Sound();
        tokenizer["added_tokens"] = JsonNode.Parse("""[{ "id": 2, "content": "<end>", "special": true }, { "id": 3, "content": "<turn>", "special": true }]""");
        tokenizer["post_processor"] = JsonNode.Parse(
            """{ "type": "TemplateProcessing", "single": [{ "Sequence": { "id": "A" } }, { "SpecialToken": { "id": "<end>" } }] }""");
        File.WriteAllText(_folder.File("tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{ "eos_token": "<turn>" }""");

        GgufMetadata metadata = Describe();

        Assert.True(metadata.TryGet("tokenizer.ggml.eos_token_id", out GgufValue eos));
        Assert.True(metadata.TryGet("tokenizer.ggml.eot_token_id", out GgufValue eot));
        Assert.Equal((2u, 3u), (eos.Value, eot.Value));
    }

    /// <summary>What the vocabulary has is ordinary, also where it was added once more, but for special tokens; some of these readers show.</summary>
    [Fact]
    public void Tokens_of_Gemma_4_are_special_shown_or_ordinary()
    {
        JsonObject tokenizer = SoundGemma4();
        tokenizer["added_tokens"] = JsonNode.Parse("""
            [{ "id": 0, "content": "a", "special": false }, { "id": 2, "content": "<|turn>", "special": true },
             { "id": 3, "content": "<|channel>", "special": true }, { "id": 4, "content": "x", "special": false }]
            """);
        File.WriteAllText(_folder.File("tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{ "add_bos_token": false }""");

        GgufMetadata metadata = Describe(TokenizerRules.Default with { IsOfGemma4 = true });

        Assert.True(metadata.TryGet("tokenizer.ggml.token_type", out GgufValue types));
        Assert.Equal([1, 6, 3, 4, 4], (int[])types.Value);
        Assert.True(metadata.TryGetText("tokenizer.ggml.model", out string? model) && model == "gemma4");
        Assert.True(metadata.TryGet("tokenizer.ggml.add_bos_token", out GgufValue added) && (bool)added.Value); // readers add it in any case
    }

    [Theory]
    [InlineData("normalizer", "null")]
    [InlineData("normalizer", """{ "type": "NFC" }""")]
    [InlineData("normalizer", """{ "type": "Replace", "pattern": { "String": "-" }, "content": "_" }""")]
    [InlineData("model", """{ "type": "BPE", "vocab": { "a": 0, "b": 1 }, "merges": ["a b"] }""")]
    public void A_tokenizer_that_is_not_as_readers_take_that_of_Gemma_4_is_refused(string field, string json)
    {
        JsonObject tokenizer = SoundGemma4();
        tokenizer[field] = JsonNode.Parse(json);
        File.WriteAllText(_folder.File("tokenizer.json"), tokenizer.ToJsonString());

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => Describe(TokenizerRules.Default with { IsOfGemma4 = true }));

        Assert.Equal(LayoutFault.TokenizerNotSayable, e.Fault);
    }

    [Fact]
    public void Expressions_have_the_hashes_that_stand_beside_them()
    {
        foreach (string name in (string[])["llama-bpe", "qwen2", "tekken", "gpt-4o", "gpt-2", "smollm"])
        {
            using var tokenizer = System.Text.Json.JsonDocument.Parse(new JsonObject { ["pre_tokenizer"] = PreTokenizer.JsonOf(name) }.ToJsonString());

            Assert.Equal(name, PreTokenizer.NameOf(tokenizer.RootElement, ignoresMerges: true, preferred: null));
        }
    }

    [Fact]
    public void A_template_of_the_first_folder_that_has_one_is_taken()
    {
        string adapter = Directory.CreateDirectory(_folder.File("adapter")).FullName, model = Directory.CreateDirectory(_folder.File("base")).FullName;
        File.WriteAllText(Path.Combine(adapter, "tokenizer_config.json"),
            """{ "chat_template": [{ "name": "default", "template": "A" }, { "name": "to ol", "template": "B" }] }""");
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), "C");
        var metadata = new GgufMetadata();

        ChatTemplate.Find([SideFiles.OfFolder(adapter), SideFiles.OfFolder(model)])!.Describe(metadata);

        Assert.True(metadata.TryGetText("tokenizer.chat_template", out string? template));
        Assert.Equal("A", template);
        Assert.True(metadata.TryGetText("tokenizer.chat_template.to_ol", out _));
    }

    private static JsonObject SoundGemma4() => JsonNode.Parse("""
        { "model": { "type": "BPE", "byte_fallback": true, "vocab": { "a": 0, "<0x0A>": 1 }, "merges": ["a b"] },
          "normalizer": { "type": "Replace", "pattern": { "String": " " }, "content": "\u2581" } }
        """)!.AsObject();

    private GgufMetadata Describe(TokenizerRules? rules = null)
    {
        var metadata = new GgufMetadata();
        using var config = System.Text.Json.JsonDocument.Parse("{}");
        new TokenizerMetadata(SideFiles.OfFolder(_folder.Path), rules ?? TokenizerRules.Default).Describe(metadata, 5, config.RootElement, []);
        return metadata;
    }

    private static JsonObject Sound() => JsonNode.Parse("""
        { "model": { "type": "BPE", "vocab": { "a": 0, "b": 1 }, "merges": ["a b"] },
          "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false, "use_regex": true } }
        """)!.AsObject();

    private static void AssertOnlyFaults(Action read)
    {
        try
        {
            read();
        }
        catch (GgufLayoutException e)
        {
            Assert.Equal(LayoutFault.TokenizerInvalid, e.Fault);
        }
    }
}
