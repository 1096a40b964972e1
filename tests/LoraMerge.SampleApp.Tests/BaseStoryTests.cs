using SampleApp;

namespace LoraMerge.SampleApp.Tests;

public sealed class BaseStoryTests
{
    private readonly ExpectedStory _expected = ExpectedStory.Of("base");
    private readonly StoryTeller _teller = StoryTeller.Load(Path.Combine(AppContext.BaseDirectory, "models", "base"));

    [Fact]
    public void The_base_model_says_what_transformers_says_token_for_token()
    {
        IEnumerable<int> tokens = _teller.TellInTokens(_expected.Prompt);

        Assert.Equal(_expected.Tokens, tokens);
    }

    [Fact]
    public void The_pieces_of_a_story_make_its_text()
    {
        IEnumerable<string> pieces = _teller.Tell(_expected.Prompt);

        Assert.Equal(_expected.Text, string.Concat(pieces));
    }

    [Fact]
    public void A_story_streams()
    {
        IEnumerable<string> pieces = _teller.Tell(_expected.Prompt);

        // All tokens but the start and the end of the story are a piece of their own: nothing is held back.
        Assert.Equal(_expected.Tokens.Length - 2, pieces.Count());
    }

    [Fact]
    public void A_prompt_that_leaves_no_room_for_an_answer_is_recognized()
    {
        // The start token and 255 signs: all 256 positions are taken.
        Assert.False(_teller.CanContinue(string.Concat(Enumerable.Repeat(" !", 255))));
        Assert.True(_teller.CanContinue(string.Concat(Enumerable.Repeat(" !", 127))));
    }

    [Fact]
    public void A_story_ends_where_the_model_has_no_more_positions()
    {
        string prompt = string.Concat(Enumerable.Repeat(" fox", 250)); // each is one token

        int[] tokens = [.. _teller.TellInTokens(prompt)];

        Assert.Equal(256, tokens.Length);
    }
}
