using SampleApp;

namespace LoraMerge.SampleApp.Tests;

public sealed class StoryTokenizerTests
{
    private readonly StoryTokenizer _tokenizer =
        StoryTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "models", "base", "tokenizer.json"));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("The fox's  hat,\n\tit'll fit.  ")]
    [InlineData("naïve 🦊 сказка 物語 42")]
    public void Any_text_comes_back_from_its_tokens(string text)
    {
        IReadOnlyList<int> tokens = _tokenizer.Encode(text);

        Assert.Equal(text, string.Concat(_tokenizer.DecodeStream(tokens)));
    }

    [Fact]
    public void A_character_of_several_tokens_comes_whole()
    {
        IReadOnlyList<int> tokens = _tokenizer.Encode("a🦊b");

        Assert.Equal(["a", "🦊", "b"], _tokenizer.DecodeStream(tokens));
        Assert.True(tokens.Count > 3);
    }
}
