namespace LoraMerge.Tests.Beside;

/// <summary>A merged model stops where its adapter was trained to.</summary>
public sealed class EndOfTextTests
{
    private const string Generation = "generation_config.json";
    private const string Config = "tokenizer_config.json";

    [Theory]
    [InlineData("""{ "eos_token": "<|im_end|>", "added_tokens_decoder": { "7": { "content": "<|im_end|>" } } }""", null)]
    [InlineData(
        """{ "eos_token": { "content": "<|im_end|>" } }""",
        """{ "added_tokens": [{ "content": "x", "id": 5 }, { "id": 7, "content": "<|im_end|>" }] }"""
    )]
    [InlineData("""{ "eos_token": "<|im_end|>" }""", """{ "model": { "vocab": { "a": 0, "<|im_end|>": 7 } } }""")]
    [InlineData(
        """{ "eos_token": "<|im_end|>" }""",
        """{ "model": { "vocab": [["0", 0], ["1", 0], ["2", 0], ["3", 0], ["4", 0], ["5", 0], ["6", 0], ["<|im_end|>", 0]] } }"""
    )]
    public async Task The_token_of_the_adapter_is_an_end_too(string config, string? tokenizer)
    {
        TinyAdapter adapter = TinyAdapter.ForLlama().File(Config, config);
        using var bench = new Workbench(
            Base("""{ "eos_token_id": 2, "top_p": 0.9 }"""),
            tokenizer is null ? adapter : adapter.File("tokenizer.json", tokenizer)
        );

        Merged merged = await Merged.Of(bench);

        Assert.Equal("""{"eos_token_id":[2,7],"top_p":0.9}""", merged.Json(Generation).ToJsonString());
        Assert.Contains("was trained to end texts with '<|im_end|>' (7)", merged.Said, StringComparison.Ordinal);
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    [Theory]
    [InlineData("""{ "eos_token_id": [2, 7] }""", "<|im_end|>")]
    [InlineData("""{ "eos_token_id": 2 }""", "</s>")]
    [InlineData("""{ "eos_token_id": 2 }""", "unknown")]
    public async Task What_is_an_end_already_or_no_token_changes_nothing(string generation, string token)
    {
        using var bench = new Workbench(
            Base(generation),
            TinyAdapter.ForLlama().File(Config, $$"""{ "eos_token": "{{token}}", "added_tokens_decoder": { "7": { "content": "<|im_end|>" } } }""")
        );

        Merged merged = await Merged.Of(bench);

        Assert.Equal(generation, merged.Text(Generation));
        bench.Passed();
    }

    [Fact]
    public async Task An_adapters_own_generation_config_is_taken_as_it_is()
    {
        const string own = """{ "eos_token_id": 3 }""";
        using var bench = new Workbench(Base("""{ "eos_token_id": 2 }"""),
            TinyAdapter.ForLlama().File(Generation, own).File(Config, """{ "eos_token": "e", "added_tokens_decoder": { "7": { "content": "e" } } }"""));

        Merged merged = await Merged.Of(bench);

        Assert.Equal(own, merged.Text(Generation));
        bench.Passed();
    }

    [Fact]
    public async Task A_base_that_cannot_say_it_is_a_warning()
    {
        using var bench = new Workbench(
            Base("{}").WithoutFile(Generation),
            TinyAdapter.ForLlama().File(Config, """{ "eos_token": "e", "added_tokens_decoder": { "7": { "content": "e" } } }""")
        );

        Merged merged = await Merged.Of(bench);

        Assert.Contains("warning LORA4085", merged.Said, StringComparison.Ordinal);
        Assert.False(merged.Has(Generation));
        bench.Passed();
    }

    private static TinyCheckpoint Base(string generation) => TinyCheckpoint.Llama().File(Generation, generation).File(Config, """{ "eos_token": "</s>" }""");
}
