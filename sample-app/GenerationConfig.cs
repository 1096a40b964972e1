using SampleApp.Llama;

namespace SampleApp;

/// <summary>generation_config.json: how a model is meant to be asked.</summary>
/// <param name="BosTokenId">"Beginning of sequence": the model expects it before any text.</param>
/// <param name="EosTokenId">"End of sequence": the model says it when the story is over.</param>
/// <param name="MaxNewTokens">Where to stop a story that does not end.</param>
internal sealed record GenerationConfig(int BosTokenId, int EosTokenId, int MaxNewTokens)
{
    public static GenerationConfig Load(string path) => ModelJson.Read<GenerationConfig>(path);
}
