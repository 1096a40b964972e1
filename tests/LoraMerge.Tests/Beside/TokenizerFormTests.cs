using System.Text.Json.Nodes;
using LoraMerge.Beside;

namespace LoraMerge.Tests.Beside;

/// <summary>A tokenizer that an adapter brings stays readable for those who read the base's.</summary>
public sealed class TokenizerFormTests
{
    private const string Config = "tokenizer_config.json";
    private const string OldConfig = """
        { "tokenizer_class": "LlamaTokenizerFast", "added_tokens_decoder": { "2": { "content": "</s>" } }, "additional_special_tokens": ["<a>"],
          "legacy": false }
        """;

    private const string NewConfig = """
        { "tokenizer_class": "TokenizersBackend", "backend": "tokenizers", "is_local": true, "extra_special_tokens": ["<a>", "<b>"], "pad_token": "</s>" }
        """;

    [Fact]
    public async Task A_class_of_transformers_5_gives_way_to_the_bases_where_the_tokens_are_the_same()
    {
        using var bench = Bench(Tokenizer(), OldConfig, Tokenizer(lists: true), NewConfig);

        Merged merged = await Merged.Of(bench);

        JsonObject config = merged.Json(Config);
        Assert.Equal("LlamaTokenizerFast", (string?)config["tokenizer_class"]);
        Assert.Equal(["<a>", "<b>"], config["additional_special_tokens"]!.AsArray().Select(token => (string?)token));
        Assert.Equal(
            ["added_tokens_decoder", "additional_special_tokens", "legacy", "pad_token", "tokenizer_class"],
            config.Select(pair => pair.Key).Order(StringComparer.Ordinal)
        );
        Assert.Equal(Tokenizer(), merged.Text("tokenizer.json"));
        Assert.DoesNotContain("LORA4083", merged.Said, StringComparison.Ordinal);
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    [Fact]
    public async Task Where_tokens_were_added_the_class_stays_and_a_warning_tells()
    {
        using var bench = Bench(Tokenizer(), OldConfig, Tokenizer(lists: true, more: """, "<b>": 4"""), NewConfig);

        Merged merged = await Merged.Of(bench);

        Assert.Equal("TokenizersBackend", (string?)merged.Json(Config)["tokenizer_class"]);
        Assert.Contains("warning LORA4083", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_without_a_vocabulary_has_the_bases()
    {
        using var bench = Bench(Tokenizer(), OldConfig, null, NewConfig);

        Merged merged = await Merged.Of(bench);

        Assert.Equal("LlamaTokenizerFast", (string?)merged.Json(Config)["tokenizer_class"]);
        bench.Passed();
    }

    /// <summary>Transformers 4 fails on a list there, whatever the class.</summary>
    [Fact]
    public async Task A_list_of_extra_tokens_gets_the_name_that_both_releases_read()
    {
        using var bench = Bench(
            Tokenizer(), """{ "tokenizer_class": "Qwen2Tokenizer" }""",
            null, """{ "tokenizer_class": "Qwen2Tokenizer", "extra_special_tokens": ["<a>"], "model_specific_special_tokens": { "image_token": "<i>" } }""");

        Merged merged = await Merged.Of(bench);

        JsonObject config = merged.Json(Config);
        Assert.Equal("<i>", (string?)config["extra_special_tokens"]!["image_token"]);
        Assert.Equal("<a>", (string?)Assert.Single(config["additional_special_tokens"]!.AsArray()));
        bench.Passed();
    }

    [Fact]
    public async Task A_base_of_transformers_5_keeps_its_forms()
    {
        using var bench = Bench(Tokenizer(lists: true), NewConfig, Tokenizer(lists: true, more: """, "<b>": 4"""), NewConfig);

        Merged merged = await Merged.Of(bench);

        Assert.Equal(NewConfig, merged.Text(Config));
        Assert.Equal(Tokenizer(lists: true, more: """, "<b>": 4"""), merged.Text("tokenizer.json"));
        bench.Passed();
    }

    [Fact]
    public async Task Merges_of_another_tokenizer_are_written_in_the_bases_form()
    {
        using var bench = Bench(Tokenizer(), OldConfig, Tokenizer(lists: true, more: """, "\u00e9\ud83d\ude00": 4"""), OldConfig);

        Merged merged = await Merged.Of(bench);

        JsonNode model = merged.Json("tokenizer.json")["model"]!;
        Assert.Equal(["a b", "ab a"], model["merges"]!.AsArray().Select(merge => (string?)merge));
        Assert.Equal(4, (int?)model["vocab"]!["é😀"]);
        Assert.Equal("-0.10", merged.Json("tokenizer.json")["scores"]![0]!.ToJsonString());
        bench.Passed();
    }

    [Fact]
    public async Task Truncation_that_a_training_left_is_not_taken()
    {
        using var bench = Bench(Tokenizer(), OldConfig, Tokenizer(truncation: """{ "max_length": 4 }"""), OldConfig);

        Merged merged = await Merged.Of(bench);

        Assert.Equal(Tokenizer(), merged.Text("tokenizer.json"));
        bench.Passed();
    }

    [Fact]
    public async Task Truncation_that_a_training_left_in_another_tokenizer_is_taken_out()
    {
        using var bench = Bench(
            Tokenizer(),
            OldConfig,
            Tokenizer(lists: true, more: """, "<b>": 4""", truncation: """{ "max_length": 4, "x": [1] }"""),
            OldConfig
        );

        Merged merged = await Merged.Of(bench);

        JsonObject expected = JsonNode.Parse(Tokenizer(more: """, "<b>": 4"""))!.AsObject();
        Assert.True(JsonNode.DeepEquals(expected, merged.Json("tokenizer.json")));
        bench.Passed();
    }

    [Theory]
    [InlineData("""{ "model": { "vocab": { "a": 0, "b": 7 } }, "added_tokens": [ { "id": 9, "content": "x" } ] }""", 9)]
    [InlineData("""{ "added_tokens": [], "model": { "type": "Unigram", "vocab": [["a", -1.5], ["b", -2], ["c", 90]] } }""", 2)]
    [InlineData("{}", -1)]
    public void The_largest_number_of_a_token_is_found(string json, long expected)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "tokenizer.json");
        File.WriteAllText(file, json);

        Assert.Equal(expected, TokenizerJson.TryRead(new SideSource(file))!.LargestId);
    }

    /// <summary>A part with a blank cannot be told from two in a text.</summary>
    [Fact]
    public async Task Merges_that_no_text_can_say_stay_lists_and_are_told_apart()
    {
        string other = Tokenizer(lists: true).Replace("""["ab", "a"]""", """["a b", "a"]""", StringComparison.Ordinal);
        using var bench = Bench(Tokenizer(lists: true).Replace("""["ab", "a"]""", """["a", "b a"]""", StringComparison.Ordinal), OldConfig, other, OldConfig);

        Merged merged = await Merged.Of(bench);

        Assert.Equal(other, merged.Text("tokenizer.json"));
        bench.Passed();
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{ "model": { "merges": [ 1, ["a" """)]
    [InlineData("""{ "model": { "merges": [ [ 1, 2 ] ] } }""")]
    public void What_is_no_tokenizer_is_none(string json)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "tokenizer.json");
        File.WriteAllText(file, json);

        Assert.Null(TokenizerJson.TryRead(new SideSource(file)));
    }

    [Theory]
    [InlineData("added_tokens.json", """{ "<b>": 8 }""")]
    [InlineData(Config, """{ "added_tokens_decoder": { "8": { "content": "<b>" } } }""")]
    [InlineData("tokenizer.json", """{ "added_tokens": [ { "id": 8 } ], "model": { "vocab": {} } }""")]
    public async Task Tokens_without_rows_are_a_warning(string name, string contents)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().File(name, contents));

        Merged merged = await Merged.Of(bench);

        Assert.Contains("warning LORA4081", merged.Said, StringComparison.Ordinal);
        Assert.Contains("up to number 8, but the merged model's 'model.embed_tokens.weight' has 8 rows", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Tokens_with_rows_are_none()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().File("added_tokens.json", """{ "<b>": 7 }"""));

        Merged merged = await Merged.Of(bench);

        Assert.DoesNotContain("LORA4081", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    private static Workbench Bench(string tokenizer, string config, string? ofAdapter, string configOfAdapter)
    {
        TinyAdapter adapter = TinyAdapter.ForLlama().File(Config, configOfAdapter);
        return new Workbench(
            TinyCheckpoint.Llama().File("tokenizer.json", tokenizer).File(Config, config),
            ofAdapter is null ? adapter : adapter.File("tokenizer.json", ofAdapter));
    }

    private static string Tokenizer(bool lists = false, string more = "", string truncation = "null") =>
        $$"""
            {
              "version": "1.0", "truncation": {{truncation}}, "padding": null,
              "added_tokens": [{ "id": 2, "content": "</s>" }], "scores": [-0.10],
              "model": { "type": "BPE", "vocab": { "a": 0, "b": 1, "ab": 3{{more}} }, "merges": {{(
                lists ? """[["a", "b"], ["ab", "a"]]""" : """["a b", "ab a"]"""
            )}} }
            }
            """;
}
