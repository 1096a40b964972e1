using System.Text.Json.Nodes;

namespace LoraMerge.Tests.Beside;

/// <summary>Every reader of a merged model finds one chat template.</summary>
public sealed class ChatTemplateTests
{
    private const string Jinja = "chat_template.jinja";
    private const string Config = "tokenizer_config.json";
    private const string OfProcessor = "chat_template.json";

    [Fact]
    public async Task The_adapters_file_is_written_over_the_field_of_the_base()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(Config, """{ "tokenizer_class": "X", "chat_template": "of base" }"""),
            TinyAdapter.ForLlama().File(Jinja, "of adapter"));

        Merged merged = await Merged.Of(bench);

        Assert.Equal("of adapter", merged.Text(Jinja));
        Assert.Equal("""{"tokenizer_class":"X","chat_template":"of adapter"}""", merged.Json(Config).ToJsonString());
        Assert.Contains("warning LORA4080", merged.Said, StringComparison.Ordinal);
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    [Fact]
    public async Task The_adapters_field_is_written_over_the_file_of_the_base()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(Jinja, "of base").File(Config, """{ "pad_token": "p" }"""),
            TinyAdapter.ForLlama().File(Config, """{ "chat_template": "of adapter" }"""));

        Merged merged = await Merged.Of(bench);

        Assert.Equal("of adapter", merged.Text(Jinja));
        Assert.Equal("""{ "chat_template": "of adapter" }""", merged.Text(Config));
        Assert.Contains("warning LORA4080", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task The_bases_template_survives_a_tokenizer_of_the_adapter_without_one()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(Config, """{ "chat_template": "of base" }"""),
            TinyAdapter.ForLlama().File(Config, """{ "padding_side": "left" }"""));

        Merged merged = await Merged.Of(bench);

        Assert.Equal("of base", merged.Text(Jinja));
        Assert.Equal("""{"padding_side":"left","chat_template":"of base"}""", merged.Json(Config).ToJsonString());
        Assert.DoesNotContain("LORA4080", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Within_a_folder_the_file_goes_before_the_field_and_that_is_said()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File(Jinja, "file").File(Config, """{ "chat_template": "field" }"""), TinyAdapter.ForLlama());

        Merged merged = await Merged.Of(bench);

        Assert.Equal("file", merged.Json(Config)["chat_template"]!.GetValue<string>());
        Assert.Contains("another chat template, which transformers passes over", merged.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    /// <summary>Jinja drops one line break at the end of a template, so that it is no difference.</summary>
    [Fact]
    public async Task A_last_line_break_is_no_difference()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(Config, """{ "chat_template": "same" }"""), TinyAdapter.ForLlama().File(Jinja, "same\n"));

        Merged merged = await Merged.Of(bench);

        Assert.Equal("same\n", merged.Text(Jinja));
        Assert.DoesNotContain("LORA4080", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Theory]
    [InlineData("""[{ "name": "default", "template": "d" }, { "name": "tool_use", "template": "t" }, { "name": "rag", "template": "r" }]""")]
    [InlineData("""{ "default": "d", "tool_use": "t", "rag": "r" }""")]
    public async Task Named_templates_of_the_field_become_files_and_a_list(string field)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File(Config, $$"""{ "chat_template": {{field}} }"""), TinyAdapter.ForLlama());

        Merged merged = await Merged.Of(bench);

        Assert.Equal(
            ("d", "t", "r"),
            (merged.Text(Jinja), merged.Text("additional_chat_templates/tool_use.jinja"), merged.Text("additional_chat_templates/rag.jinja"))
        );
        string[] names = [.. merged.Json(Config)["chat_template"]!.AsArray().Select(item => item!["name"]!.GetValue<string>())];
        Assert.Equal(["default", "rag", "tool_use"], names.Order(StringComparer.Ordinal));
        bench.Passed();
    }

    [Fact]
    public async Task Named_templates_of_the_adapter_go_along_and_those_of_the_base_go()
    {
        TinyCheckpoint checkpoint = TinyCheckpoint.Llama().File(Jinja, "b").File("additional_chat_templates/old.jinja", "o").File(Config, "{}");
        using var bench = new Workbench(checkpoint, TinyAdapter.ForLlama().File(Jinja, "a"));
        Directory.CreateDirectory(bench.InAdapter("additional_chat_templates"));
        File.WriteAllText(bench.InAdapter("additional_chat_templates/tool_use.jinja"), "t");

        Merged merged = await Merged.Of(bench);

        Assert.Equal(("a", "t"), (merged.Text(Jinja), merged.Text("additional_chat_templates/tool_use.jinja")));
        Assert.False(merged.Has("additional_chat_templates/old.jinja"));
        Assert.Equal(["default", "tool_use"], merged.Json(Config)["chat_template"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
        bench.Passed();
    }

    [Fact]
    public async Task A_name_that_leads_out_of_the_folder_makes_no_file()
    {
        const string field = """[{ "name": "default", "template": "d" }, { "name": "../../x", "template": "t" }]""";
        using var bench = new Workbench(TinyCheckpoint.Llama().File(Config, $$"""{ "chat_template": {{field}} }"""), TinyAdapter.ForLlama());

        Merged merged = await Merged.Of(bench);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(field), merged.Json(Config)["chat_template"]));
        Assert.False(merged.Has(Jinja));
        Assert.Contains("warning LORA4084", merged.Said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(bench.Folder, "x.jinja")));
        bench.Passed();
    }

    [Fact]
    public async Task What_processors_alone_have_is_given_to_tokenizers_too()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(OfProcessor, """{ "chat_template": "p" }""").File(Config, "{}"), TinyAdapter.ForLlama());

        Merged merged = await Merged.Of(bench);

        Assert.Equal(("p", "p"), (merged.Text(Jinja), merged.Json(Config)["chat_template"]!.GetValue<string>()));
        bench.Passed();
    }

    /// <summary>Processors read chat_template.jinja before their own file, so there must be none.</summary>
    [Fact]
    public async Task Two_templates_for_tokenizers_and_processors_stay_two()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(OfProcessor, """{ "chat_template": "p" }""").File(Config, """{ "chat_template": "t" }"""), TinyAdapter.ForLlama());

        Merged merged = await Merged.Of(bench);

        Assert.Equal(File.ReadAllText(bench.InBase(OfProcessor)), merged.Text(OfProcessor));
        Assert.Equal(File.ReadAllText(bench.InBase(Config)), merged.Text(Config));
        Assert.False(merged.Has(Jinja));
        bench.Passed();
    }

    [Fact]
    public async Task The_adapters_template_reaches_processors_that_had_the_tokenizers()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File(OfProcessor, """{ "chat_template": "b" }""").File(Config, """{ "chat_template": "b" }"""),
            TinyAdapter.ForLlama().File(Jinja, "a"));

        Merged merged = await Merged.Of(bench);

        Assert.Equal(
            ("a", "a", "a"),
            (merged.Text(Jinja), merged.Json(Config)["chat_template"]!.GetValue<string>(), merged.Json(OfProcessor)["chat_template"]!.GetValue<string>())
        );
        bench.Passed();
    }

    [Fact]
    public async Task A_base_without_a_template_gets_none()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File(Config, """{ "chat_template": null, "a": 1.50 }"""), TinyAdapter.ForLlama());

        Merged merged = await Merged.Of(bench);

        Assert.Equal("""{ "chat_template": null, "a": 1.50 }""", merged.Text(Config));
        Assert.False(merged.Has(Jinja));
        bench.Passed();
    }
}
