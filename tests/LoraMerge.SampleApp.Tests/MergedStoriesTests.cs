using SampleApp;

namespace LoraMerge.SampleApp.Tests;

/// <summary>The merged models of the sample app, as the build left them in this project's output.</summary>
public sealed class MergedStoriesTests
{
    private static readonly string s_modelsFolder = Path.Combine(AppContext.BaseDirectory, "models");

    [Theory]
    [InlineData("pirate")]
    [InlineData("space")]
    public void A_merged_model_says_what_it_says_after_a_merge_by_PEFT_token_for_token(string name)
    {
        ExpectedStory expected = ExpectedStory.Of(name);
        StoryTeller teller = LoadMerged(name);

        IEnumerable<int> tokens = teller.TellInTokens(expected.Prompt);

        Assert.Equal(expected.Tokens, tokens);
    }

    [Theory]
    [InlineData("pirate")]
    [InlineData("space")]
    public void The_pieces_of_a_merged_models_story_make_its_text(string name)
    {
        ExpectedStory expected = ExpectedStory.Of(name);
        StoryTeller teller = LoadMerged(name);

        IEnumerable<string> pieces = teller.Tell(expected.Prompt);

        Assert.Equal(expected.Text, string.Concat(pieces));
    }

    [Fact]
    public void The_app_finds_the_base_and_both_merged_models_and_knows_which_adapter_is_in()
    {
        IEnumerable<StoryModel> models = StoryModel.FindIn(s_modelsFolder);

        Assert.Equal(["base model", "base + pirate", "base + space"], models.Select(model => model.Title));
    }

    private static StoryTeller LoadMerged(string name)
    {
        string folder = Path.Combine(s_modelsFolder, name);
        Assert.True(
            File.Exists(Path.Combine(folder, "lora-merge.json")),
            $"No merged model in {folder}: the build of sample-app should merge models/base with adapters/{name}, and copy the result to the output of all "
                + "projects that reference it."
        );

        return StoryTeller.Load(folder);
    }
}
