namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Which weight files in an adapter's folder belong to the adapter, told by their names alone.</summary>
internal static class AdapterWeights
{
    /// <summary>The index of an adapter in several files, as transformers saves it.</summary>
    public const string Index = "adapter_model.safetensors.index.json";

    /// <summary>The index where the files are pickles.</summary>
    public const string PickleIndex = "adapter_model.bin.index.json";

    /// <summary>The files of an adapter in several files.</summary>
    private static readonly string[] s_shards = ["adapter_model-*-of-*.safetensors", "adapter_model-*-of-*.bin"];

    /// <summary>Weights of a whole model, in the adapter's folder for whatever reason.</summary>
    private static readonly string[] s_models = ["model*.safetensors", "pytorch_model*.bin", "consolidated*", "tf_model*", "flax_model*"];

    /// <summary>The state of a training, the same adapter for other programs, other adapters, and tokenizers.</summary>
    private static readonly string[] s_others =
    [
        ".*", "adapter*", "*_adapters.safetensors", "ggml*", "pytorch_lora_weights*", "*optim*", "*scheduler*", "scaler*", "rng_state*", "random_states*",
        "training_args*", "trainer_state*", "training_state*", "recipe_state*", "zero_*", "bf16_zero*", "fp16_zero*", "*_model_states.pt", "dataloader*",
        "dl_state_dict*", "sampler*", "tokenizer*", "vocab*",
    ];

    /// <summary>Whether a file is one of several that hold the adapter.</summary>
    public static bool IsShard(string name) => NamePattern.MatchesAny(s_shards, name);

    /// <summary>Whether a file holds weights of a whole model, which are no adapter's.</summary>
    public static bool AreOfModel(string name) => WeightFiles.AreIn(name) && NamePattern.MatchesAny(s_models, name);

    /// <summary>
    /// Whether a file holds what was trained beside the adapter, such as <c>non_lora_trainables.bin</c>: trainers call it what they like, so any weight file
    /// is one that is nothing else.
    /// </summary>
    public static bool AreTrainedBeside(string name) =>
        WeightFiles.AreIn(name) && !AreOfModel(name) && !NamePattern.MatchesAny(s_others, name);
}
