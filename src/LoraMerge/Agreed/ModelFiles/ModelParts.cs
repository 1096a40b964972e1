namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// What a model consists of beside its weights, by the names of files: the one table of it. docs/files.md shows it, and a test holds the two together.
/// </summary>
/// <remarks>
/// Names are patterns with <c>*</c> for any run of characters and <c>#</c> for a digit, letter case ignored. Weights are none of these files, whatever they are
/// called: <see cref="WeightFiles"/>.
/// </remarks>
internal static class ModelParts
{
    public static readonly IReadOnlyList<ModelPart> All =
    [
        new("configuration", ["config.json", "configuration.json", "params.json", "id2label.json", "label2id.json"]),
        new("how text is generated", ["generation_config.json"]) { IsOfAdaptersToo = true },
        new("processors of images, sound and video", ["*processor_config.json", "audio_tokenizer_config.json"]) { IsOfAdaptersToo = true },
        new("tokenizer", ["tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "spiece.model", "sentencepiece*"])
        {
            IsOfAdaptersToo = true,
        },
        new("other vocabularies",
            ["vocab*", "*_vocab.json", "merges*", "*.model", "*.spm", "*.tiktoken", "tekken.json", "encoder.json", "bpe.codes", "dict.txt", "unigram.json",
             "normalizer.json", "emoji.json"]),
        new("chat template", ["chat_template.*"]) { IsOfAdaptersToo = true },
        new("other chat templates", ["chat_template*", "*.jinja"]),
        new("named chat templates", ["*.jinja"]) { Folder = "additional_chat_templates", IsOfAdaptersToo = true },
        new("other chat templates", ["*.jinja"]) { Folder = "*templates" },
        new("code that config.json names", ["*.py"]),
        new("licence and description",
            ["*LICENSE*", "*LICENCE*", "COPYING*", "COPYRIGHT*", "NOTICE*", "*USE_POLICY*", "TERMS*", "README*", "MODEL_CARD*", "modelcard*", "CITATION*"]),
        new("sentence-transformers", ["modules.json", "config_sentence_transformers.json", "sentence_*_config.json", "router_config.json"])
        {
            IsOfAdaptersToo = true,
        },
        new("modules of sentence-transformers, with their weights", ["*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model.bin"])
        {
            Folder = "#_*",
            IsOfAdaptersToo = true,
        },
        new("tokenizers of the maker's own programs",
            ["tokenizer*", "tekken.json", "*.model", "*.tiktoken", "sentencepiece*", "vocab*", "merges*"]) { Folder = "original" },
    ];

    /// <summary>The same model in other forms, the state of training, what tools leave: nobody misses them in a merged model.</summary>
    private static readonly string[] s_noPart =
    [
        ".*", "lora-merge.json",
        "model*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin", "*.bin.index.json", "consolidated*", "*.pth", "*.gguf", "*.ggml", "*.onnx*",
        "*.msgpack", "*.h5", "*.ot", "*.npz", "*.tflite", "*.mlmodel*", "optimizer*", "scheduler*", "scaler.pt", "rng_state*", "training_args.*",
        "params.json", "trainer_state.json", "*_results.json", "events.out.tfevents.*",
    ];

    /// <summary>What quantisers write of their settings, which are read where config.json does not tell them.</summary>
    private static readonly string[] s_ofQuantisers = ["quantize_config.json", "quant_config.json", "hf_quant_config.json"];

    /// <summary>What quantisers leave besides, which nobody misses in a plain model.</summary>
    private static readonly string[] s_leftByQuantisers = ["recipe.yaml", "quant_log.csv", "quant_strategy.json", "quantization_config.json", "measure.json",
        "modules_quantization_strategy.json"];

    private static readonly string[] s_noPartFolders = [".*", "onnx", "openvino", "coreml", "flax", "runs", "checkpoint-*", "global_step*"];

    /// <summary>Whether a file in a base's folder is part of the model.</summary>
    public static bool IsOfBase(string name) => IsOneOf(All.Where(part => part.Folder.Length == 0), name);

    /// <summary>Whether a file in an adapter's folder is part of the model that is trained with it.</summary>
    public static bool IsOfAdapter(string name) => IsOneOf(All.Where(part => part.IsOfAdaptersToo && part.Folder.Length == 0), name);

    /// <summary>What is taken from a folder within a base's; nothing from most.</summary>
    public static IReadOnlyList<ModelPart> OfFolder(string name) => [.. All.Where(part => part.Folder.Length > 0 && NamePattern.Matches(part.Folder, name))];

    /// <summary>What is taken from a folder within an adapter's.</summary>
    public static IReadOnlyList<ModelPart> OfAdapterFolder(string name) => [.. OfFolder(name).Where(part => part.IsOfAdaptersToo)];

    /// <summary>Whether a file that is left out need not be told.</summary>
    public static bool IsKnownToBeNone(string name) => NamePattern.MatchesAny(s_noPart, name) || NamePattern.MatchesAny(s_leftByQuantisers, name);

    /// <summary>Whether a file says how weights are quantised: read, and not part of what is made of them.</summary>
    public static bool IsOfQuantiser(string name) => NamePattern.MatchesAny(s_ofQuantisers, name);

    /// <summary>Whether a folder that is left out need not be told.</summary>
    public static bool IsFolderKnownToBeNone(string name) => NamePattern.MatchesAny(s_noPartFolders, name);

    private static bool IsOneOf(IEnumerable<ModelPart> parts, string name) =>
        !WeightFiles.AreIn(name) && !NamePattern.Matches("*.index.json", name) && parts.Any(part => NamePattern.MatchesAny(part.Names, name));
}

/// <summary>A kind of file that is part of a model.</summary>
/// <param name="What">What it is, in words.</param>
/// <param name="Names">Patterns of the files' names.</param>
internal sealed record ModelPart(string What, string[] Names)
{
    /// <summary>Pattern of the folder within the model's that the files lie in; empty for the model's own.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Whether adapters bring such files, which then take the place of the base's.</summary>
    public bool IsOfAdaptersToo { get; init; }
}
