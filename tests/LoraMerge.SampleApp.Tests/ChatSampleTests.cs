using System.Diagnostics;

namespace LoraMerge.SampleApp.Tests;

/// <summary>The chat sample: the merged GGUF file in LLamaSharp, by way of IChatClient.</summary>
public sealed class ChatSampleTests
{
    private static readonly ExpectedStory s_expected = ExpectedStory.Of("pirate");

    [Fact]
    public async Task The_chat_says_what_the_sample_app_says() => Assert.Equal(s_expected.Text, await SayAsync([s_expected.Prompt], input: ""));

    [Fact]
    public async Task Lines_that_are_piped_into_it_are_beginnings_of_stories() =>
        Assert.Equal($"{s_expected.Text}\n{s_expected.Text}", await SayAsync([], input: $"{s_expected.Prompt}\n{s_expected.Prompt}\n"));

    [Fact]
    public async Task With_nothing_to_go_on_from_it_tells_the_usual_story() =>
        Assert.StartsWith("There was a little fox", await SayAsync([], input: ""), StringComparison.Ordinal);

    private static async Task<string> SayAsync(string[] arguments, string input)
    {
        var start = new ProcessStartInfo("dotnet", [BuiltFiles.Of("ChatSample"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return said.TrimEnd().ReplaceLineEndings("\n");
    }
}
