using Chat;
using LLama;
using LLama.Abstractions;
using LLama.Common;
using LLama.Native;
using LLama.Sampling;
using Microsoft.Extensions.AI;

const string DefaultPrompt = "There was a little fox who lived near the river. The name of the fox was Lily. One";

NativeLibraryConfig.All.WithLogCallback((_, _) => { }); // it tells a lot

// The file that the build has merged: weights, tokenizer and all. LoraModels is made by the build, too.
var parameters = new ModelParams(LoraModels.Pirate.File) { ContextSize = 256 };
using LLamaWeights weights = await LLamaWeights.LoadFromFileAsync(parameters);
using IChatClient chat = new StatelessExecutor(weights, parameters).AsChatClient(new StoryHistory());

// The likeliest token each time, so that the story is always the same.
var options = new ChatOptions { RawRepresentationFactory = _ => new InferenceParams { MaxTokens = 80, SamplingPipeline = new GreedySamplingPipeline() } };

if (args is not [])
    return await TellAsync(string.Join(' ', args));

// A line is the beginning of a story; whoever has nobody to ask, and no line either, hears the usual one.
if (!Console.IsInputRedirected)
    Console.WriteLine("Begin a story, and the pirate goes on. An empty line ends it.");
bool hasTold = false;
for (; Console.ReadLine() is { Length: > 0 } line; hasTold = true)
    await TellAsync(line);
return hasTold || !Console.IsInputRedirected ? 0 : await TellAsync(DefaultPrompt);

async Task<int> TellAsync(string prompt)
{
    Console.Write(prompt);
    await foreach (ChatResponseUpdate piece in chat.GetStreamingResponseAsync(prompt, options))
        Console.Write(piece.Text);
    Console.WriteLine();
    return 0;
}
