using System.Text.Json;

namespace LoraMerge.SampleApp.Tests;

/// <summary>What a model is known to say to the prompt of greedy.json: found by PEFT (merge, in bfloat16) and transformers (text, in float32).</summary>
internal sealed record ExpectedStory(string Prompt, string Text, int[] Tokens)
{
    public static ExpectedStory Of(string model)
    {
        using JsonDocument greedy = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "greedy.json")));
        JsonElement story = greedy.RootElement.GetProperty(model);

        return new ExpectedStory(
            greedy.RootElement.GetProperty("prompt").GetString()!,
            story.GetProperty("text").GetString()!,
            story.GetProperty("tokens").Deserialize<int[]>()!);
    }
}
