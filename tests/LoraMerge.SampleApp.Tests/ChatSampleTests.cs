using System.Diagnostics;

namespace LoraMerge.SampleApp.Tests;

/// <summary>The chat sample: the merged GGUF file in LLamaSharp, by way of IChatClient.</summary>
public sealed class ChatSampleTests
{
    [Fact]
    public async Task The_chat_says_what_the_sample_app_says()
    {
        string program = BuiltFiles.Of("ChatSample");
        ExpectedStory expected = ExpectedStory.Of("pirate");
        var start = new ProcessStartInfo("dotnet", [program, expected.Prompt]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;

        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.Equal(expected.Text, said.TrimEnd());
    }
}
