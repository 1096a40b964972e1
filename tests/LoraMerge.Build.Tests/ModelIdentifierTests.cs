namespace LoraMerge.Build.Tests;

/// <summary>What programs call models.</summary>
public sealed class ModelIdentifierTests
{
    [Theory]
    [InlineData("sea-tales", "SeaTales")]
    [InlineData("base", "Base")]
    [InlineData("class", "Class")]
    [InlineData("ünï", "Ünï")]
    [InlineData("クラス", "クラス")]
    [InlineData("2-pirates", "_2Pirates")]
    [InlineData("Llama-3.1-8B Instruct", "Llama3_1_8BInstruct")]
    [InlineData("TinyLlama_v1.0", "TinyLlamaV1_0")]
    [InlineData("a'b\u200Bc&d", "ABCD")]
    [InlineData("@x", "X")]
    [InlineData("__", "Model")]
    [InlineData("🏴", "Model")]
    [InlineData("path", "Path_")]
    [InlineData("lora-models", "LoraModels_")]
    [InlineData("Equals", "Equals_")]
    public void A_name_becomes_one_that_a_program_can_say(string name, string identifier) =>
        Assert.Equal([identifier], ModelIdentifier.Of([name]));

    [Fact]
    public void Of_two_with_one_name_the_later_gets_a_number_that_nobody_else_has() =>
        Assert.Equal(
            ["SeaTales", "SeaTales_2", "SeaTales2", "A1", "A1_2", "A1_2_2", "Path_", "Path_2"],
            ModelIdentifier.Of(["sea-tales", "sea_tales", "sea-tales2", "a1", "a-1", "a1.2", "path", "path."])
        );

    [Theory]
    [InlineData("My.App", true)]
    [InlineData("class", true)]
    [InlineData("Ünï._1", true)]
    [InlineData("my-app", false)]
    [InlineData("My..App", false)]
    [InlineData("1st", false)]
    [InlineData("My.App;", false)]
    public void A_namespace_is_names_with_points_between_them(string text, bool isOne) => Assert.Equal(isOne, ModelIdentifier.IsNamespace(text));

    [Fact]
    public void A_text_keeps_every_letter_and_ends_no_line() =>
        Assert.Equal("\"a \\\"b\\\" \\\\ {c} %d é \\u2028\\u000A\\u202E\"", ModelConstants.Quoted("a \"b\" \\ {c} %d é \u2028\n\u202E"));
}
