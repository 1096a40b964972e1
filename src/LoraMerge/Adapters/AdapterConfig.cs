using System.Collections.Immutable;

namespace LoraMerge.Adapters;

/// <summary>What an adapter's configuration says that every kind of adapter has.</summary>
/// <param name="Origin">Which releases may have written the adapter.</param>
internal sealed record AdapterConfig(AdapterOrigin Origin)
{
    /// <summary><c>base_model_name_or_path</c>: a hint, often a path of the trainer's machine.</summary>
    public string? BaseModelName { get; init; }

    /// <summary><c>task_type</c>, such as <c>SEQ_CLS</c>.</summary>
    public string? TaskType { get; init; }

    /// <summary><c>auto_mapping</c>: the class that was trained, which PEFT writes where it has no <c>task_type</c>.</summary>
    public string? TrainedClass { get; init; }

    /// <summary>Modules that were trained whole; their tensors replace the base's.</summary>
    public ImmutableArray<string> ModulesToSave { get; init; } = [];

    /// <summary>Rows of embeddings that were trained whole: module suffix (null: the input embedding) and token numbers.</summary>
    public ImmutableArray<TrainableTokens> TrainableTokens { get; init; } = [];

    /// <summary>Whether embedding and head are said to stay one where the base ties them; <see cref="Adapter.KeepsTies"/> says whether they did.</summary>
    public bool KeepsTies { get; init; }

    /// <summary><c>layer_replication</c>: ranges of base layers, ends exclusive, that the trained model was stacked from.</summary>
    public ImmutableArray<(int Start, int End)> LayerReplication { get; init; } = [];

    /// <summary><c>bias</c>: which biases were trained, such as <c>none</c>, <c>all</c> or <c>lora_only</c>.</summary>
    public string? BiasMode { get; init; }

    /// <summary>Whether biases of adapted modules were trained, which some releases did not save.</summary>
    public bool TrainsBiasesOfAdaptedModules => BiasMode?.EndsWith("_only", StringComparison.Ordinal) == true;

    /// <summary><c>fan_in_fan_out</c>; only a hint, as many files have it wrong.</summary>
    public bool HasFanInFanOutFlag { get; init; }

    /// <summary>Fields with a value that this release does not know.</summary>
    public ImmutableArray<string> UnknownFields { get; init; } = [];
}

/// <summary>Token numbers whose embedding rows an adapter holds, in the order of its rows.</summary>
/// <param name="Module">End of the embedding's module path; null for the input embedding.</param>
/// <param name="Indices">Token numbers.</param>
internal sealed record TrainableTokens(string? Module, ImmutableArray<long> Indices);
