using System.Numerics.Tensors;
using SampleApp.Llama;

namespace SampleApp;

/// <summary>A language model that continues a text: it reads token by token, and after the prompt it says what it holds for most likely to come next.</summary>
internal sealed class StoryTeller
{
    private readonly LlamaModel _model;
    private readonly StoryTokenizer _tokenizer;
    private readonly GenerationConfig _generation;

    private StoryTeller(LlamaModel model, StoryTokenizer tokenizer, GenerationConfig generation)
    {
        _model = model;
        _tokenizer = tokenizer;
        _generation = generation;
    }

    /// <summary>In tokens, with the prompt: the model was never trained on more.</summary>
    public int LongestStory => _model.MaxPositions;

    /// <summary>Loads a folder as Hugging Face's transformers saves it.</summary>
    public static StoryTeller Load(string modelFolder) => new(
        LlamaModel.Load(modelFolder),
        StoryTokenizer.Load(Path.Combine(modelFolder, "tokenizer.json")),
        GenerationConfig.Load(Path.Combine(modelFolder, "generation_config.json")));

    public bool CanContinue(string prompt) => PromptTokens(prompt).Length < LongestStory;

    /// <summary>The story, from the prompt on, in pieces: each comes as soon as it is known.</summary>
    public IEnumerable<string> Tell(string prompt) =>
        _tokenizer.DecodeStream(TellInTokens(prompt).Where(token => token != _generation.BosTokenId && token != _generation.EosTokenId));

    /// <summary>The same as numbers: start token, prompt, continuation, end token (unless the story grows too long to come to an end).</summary>
    public IEnumerable<int> TellInTokens(string prompt)
    {
        KeyValueCache cache = _model.NewCache();
        float[] scores = []; // [vocabulary]: the higher, the more likely is this token the next one

        foreach (int token in PromptTokens(prompt))
        {
            yield return token;
            scores = _model.Read(token, cache);
        }

        for (int i = 0; i < _generation.MaxNewTokens && cache.Length < LongestStory; i++)
        {
            int token = TensorPrimitives.IndexOfMax<float>(scores);
            yield return token;

            if (token == _generation.EosTokenId)
                yield break;
            scores = _model.Read(token, cache);
        }
    }

    private int[] PromptTokens(string prompt) => [_generation.BosTokenId, .. _tokenizer.Encode(prompt)];
}
