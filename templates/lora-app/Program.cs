using LLama;
using LLama.Common;
using LLama.Native;
using LLama.Sampling;

NativeLibraryConfig.All.WithLogCallback((_, _) => { }); // it tells a lot

// The one file that the build has merged: weights, tokenizer and all.
// CHANGE: with another MergedModelName this class is another one, such as LoraModels.MyModel for "my-model".
var parameters = new ModelParams(LoraModels.SeaTales.File) { ContextSize = 256 }; // CHANGE: larger for a larger model, such as 4096
using LLamaWeights weights = await LLamaWeights.LoadFromFileAsync(parameters);
var model = new StatelessExecutor(weights, parameters);

// The likeliest word each time, so that an answer is always the same. CHANGE: DefaultSamplingPipeline is livelier.
var inference = new InferenceParams { MaxTokens = 80, SamplingPipeline = new GreedySamplingPipeline() };

string prompt = args is [] ? "There was a little fox who lived near the river. The name of the fox was Lily. One" : string.Join(' ', args);
Console.Write(prompt);
// CHANGE: the tiny model only goes on with a story, behind the token that begins one.
// For a model that was trained to chat set model.ApplyTemplate = true above, and leave the token out.
await foreach (string piece in model.InferAsync("<s>" + prompt, inference))
    Console.Write(piece);
Console.WriteLine();
