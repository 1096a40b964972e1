using System.Text.Json.Nodes;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Inspecting;

/// <summary>Tells which engines open a model's folder as it is, and what keeps the others from it. docs/engines.md has what to type for each.</summary>
/// <param name="checkpoint">The model.</param>
internal sealed class Engines(Checkpoint checkpoint)
{
    private const string Transformers = "transformers and vLLM";
    private const string MlGenAi = "Microsoft.ML.GenAI";

    /// <summary>Tokens of Llama 3, whose special ones Microsoft.ML.GenAI has built in.</summary>
    private const int TokensOfLlama3 = 128_256;

    private static readonly string[] Tokenizers =
        ["tokenizer.json", "tokenizer.model", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tekken.json", "source.spm"];

    private readonly Dictionary<string, SideSource> _files = checkpoint.IsSingleFile ? [] : SideFileChoice.Of(checkpoint);

    /// <summary>For each engine its name and <c>yes</c>, or <c>no</c> with the reason.</summary>
    public IEnumerable<string> Verdicts()
    {
        if (checkpoint.IsSingleFile)
            return ["none: engines open a folder, and this is one file of it"];
        return
        [
            Verdict(Transformers, OfTransformers(), CodeFiles().Any() ? "with trust_remote_code, as the model brings code of its own" : TokenizerCondition()),
            Verdict(EngineClasses.Ollama, OfOllama()),
            Verdict(EngineClasses.OnnxBuilder, OfOnnxBuilder(), TokenizerCondition()),
            Verdict(MlGenAi, OfMlGenAi()),
            Verdict(EngineClasses.LlamaCpp, OfLlamaCpp(), TokenizerCondition()),
        ];
    }

    private string? Architecture => checkpoint.Config.Architectures.FirstOrDefault();

    private bool HasVocabulary => checkpoint.Config.Number("vocab_size") is not null;

    private bool HasTokenizer => Tokenizers.Any(_files.ContainsKey) || _files.Keys.Any(name => name.EndsWith(".tiktoken", StringComparison.Ordinal));

    private static string Verdict(string engine, string? obstacle, string? condition = null) =>
        $"{engine}: {(obstacle is not null ? $"no, {obstacle}" : condition is null ? "yes" : $"yes, {condition}")}";

    /// <summary>What an engine needs that opens the tokenizer through transformers; null where it needs nothing more.</summary>
    private string? TokenizerCondition() =>
        _files.TryGetValue("tokenizer_config.json", out SideSource? config) && TokenizerChoice.IsNewClass(JsonSideFile.TryRead(config))
            ? "with transformers 5 or later, by the class of its tokenizer" : null;

    /// <summary>Null where nothing keeps it from the model.</summary>
    private string? OfTransformers() =>
        checkpoint.Config.File is null ? "there is no config.json"
        : checkpoint.Config.ModelType is null ? "config.json has no model_type"
        : Architecture is null ? "config.json names no architectures"
        : !AreNamedForTransformers()
            ? $"the weights are called '{checkpoint.Shards[0].FileName}', where model.safetensors or model.safetensors.index.json is looked for"
        : MissingCode() is string code ? $"config.json names code in '{code}', which is not there"
        : HasVocabulary && !HasTokenizer ? "there is no tokenizer"
        : null;

    private string? OfOllama() =>
        ClassObstacle(EngineClasses.Ollama)
        ?? (checkpoint.Shards.FirstOrDefault(shard => !shard.FileName.StartsWith("model", StringComparison.Ordinal) && !shard.IsPickle) is Shard other
            ? $"weights are looked for in model*.safetensors, and here they are in '{other.FileName}'"
            : OddDType() is DType dtype ? $"it reads F32, F16 and BF16, and there are tensors of {dtype.HeaderName()}"
            : !_files.ContainsKey("tokenizer.json") && !_files.ContainsKey("tokenizer.model") ? "there is neither tokenizer.json nor tokenizer.model"
            : null);

    private string? OfOnnxBuilder() => ClassObstacle(EngineClasses.OnnxBuilder) ?? OfTransformers();

    private string? OfLlamaCpp() => ClassObstacle(EngineClasses.LlamaCpp) ?? OfTransformers();

    /// <summary>It has a class for each of few families, with tokenizers from files in the makers' own forms.</summary>
    private string? OfMlGenAi() => Architecture switch
    {
        null => "config.json names no architectures",
        "LlamaForCausalLM" when checkpoint.Config.Number("vocab_size") is not TokensOfLlama3 =>
            "its Llama has the tokens of Llama 3, and this model has others",
        "LlamaForCausalLM" when !_files.ContainsKey("original/tokenizer.model") => "it reads original/tokenizer.model, which is not there",
        "MistralForCausalLM" when !_files.ContainsKey("tokenizer.model.v3") && !_files.ContainsKey("tokenizer.model") =>
            "it reads tokenizer.model.v3 or tokenizer.model, and neither is there",
        "PhiForCausalLM" when !_files.ContainsKey("vocab.json") || !_files.ContainsKey("merges.txt") =>
            "it reads vocab.json and merges.txt, which are not both there",
        "Phi3ForCausalLM" when !_files.ContainsKey("tokenizer.model") => "it reads tokenizer.model, which is not there",
        "LlamaForCausalLM" or "MistralForCausalLM" or "PhiForCausalLM" or "Phi3ForCausalLM" => TiedHead(),
        string name => $"it has no class for '{name}'",
    };

    /// <summary>Its models have a head of their own, which they do not take from the embedding.</summary>
    private string? TiedHead() => checkpoint.TryFind("lm_head.weight", out _) ? null : "it reads lm_head.weight, and in this model the head is the embedding";

    private string? ClassObstacle(string engine) =>
        checkpoint.Config.File is null ? "there is no config.json"
        : Architecture is not string name ? "config.json names no architectures"
        : EngineClasses.Has(engine, name) ? null
        : $"it does not know '{name}' (as of {EngineClasses.AsOf(engine)})";

    private bool AreNamedForTransformers() => checkpoint.IndexFile is string index
        ? Path.GetFileName(index) is "model.safetensors.index.json" or "pytorch_model.bin.index.json"
        : checkpoint.Shards[0].FileName is "model.safetensors" or "pytorch_model.bin";

    private string? MissingCode() => CodeFiles().FirstOrDefault(file => file.Length > 0 && !_files.ContainsKey(file));

    /// <summary>Files of <c>auto_map</c>, such as modeling_x.py for <c>modeling_x.XForCausalLM</c>; empty names for code of another repository.</summary>
    private IEnumerable<string> CodeFiles() => (checkpoint.Config.Value("auto_map") as JsonObject ?? [])
        .SelectMany(pair => pair.Value is JsonArray many ? many.ToArray() : [pair.Value]).OfType<JsonValue>()
        .Select(value => value.TryGetValue(out string? name) && !name.Contains("--", StringComparison.Ordinal) ? name.Split('.')[0] + ".py" : "");

    private DType? OddDType() => checkpoint.Shards.SelectMany(shard => shard.Tensors).Select(tensor => (DType?)tensor.DType)
        .FirstOrDefault(dtype => dtype is not (DType.F32 or DType.F16 or DType.BF16));
}
