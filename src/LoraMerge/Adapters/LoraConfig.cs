using System.Collections.Immutable;

namespace LoraMerge.Adapters;

/// <summary>adapter_config.json of a LoRA adapter, as far as it decides the merge.</summary>
/// <param name="Rank"><c>r</c>: the rank where no pattern says otherwise.</param>
/// <param name="Alpha"><c>lora_alpha</c>.</param>
/// <param name="UsesRsLora">Whether scaling is alpha/sqrt(r) instead of alpha/r.</param>
/// <param name="RankPattern">Ranks of modules that a pattern matches.</param>
/// <param name="AlphaPattern">Alphas of modules that a pattern matches.</param>
/// <param name="HasFanInFanOutFlag"><c>fan_in_fan_out</c>; only a hint, as many files have it wrong.</param>
/// <param name="ModulesToSave">Modules that were trained whole; their tensors replace the base's.</param>
/// <param name="TaskType"><c>task_type</c>, such as <c>SEQ_CLS</c>.</param>
/// <param name="TrainableTokens">Rows of embeddings that were trained whole: module suffix (null: the input embedding) and token numbers.</param>
/// <param name="BaseModelName"><c>base_model_name_or_path</c>: a hint, often a path of the trainer's machine.</param>
/// <param name="MayPredate015">Whether the file lacks the fields that PEFT writes since 0.15, whose pattern rules are those of today.</param>
/// <param name="UnknownFields">Fields with a value that this release does not know.</param>
public sealed record LoraConfig(
    int Rank,
    double Alpha,
    bool UsesRsLora,
    ImmutableArray<ModulePattern<int>> RankPattern,
    ImmutableArray<ModulePattern<double>> AlphaPattern,
    bool HasFanInFanOutFlag,
    ImmutableArray<string> ModulesToSave,
    string? TaskType,
    ImmutableArray<TrainableTokens> TrainableTokens,
    string? BaseModelName,
    bool MayPredate015,
    ImmutableArray<string> UnknownFields)
{
    /// <summary>The rank of one module.</summary>
    public int RankOf(string module) => ModulePattern.Find(RankPattern, module, Rank);

    /// <summary>Alphas of all patterns that match one module; the first holds, but PEFT sorts the patterns when it saves them.</summary>
    public IEnumerable<double> AlphasOf(string module) => AlphaPattern.Where(pattern => pattern.Matches(module)).Select(pattern => pattern.Value);

    /// <summary>s = alpha/r, or alpha/sqrt(r) with rsLoRA; rank and alpha are looked up independently.</summary>
    /// <remarks>PEFT, <c>LoraLayer.update_layer</c>: a division of float64 numbers.</remarks>
    public double ScalingOf(string module)
    {
        double alpha = ModulePattern.Find(AlphaPattern, module, Alpha);
        int rank = RankOf(module);
        return UsesRsLora ? alpha / Math.Sqrt(rank) : alpha / rank;
    }
}

/// <summary>Token numbers whose embedding rows an adapter holds, in the order of its rows.</summary>
/// <param name="Module">End of the embedding's module path; null for the input embedding.</param>
/// <param name="Indices">Token numbers.</param>
public sealed record TrainableTokens(string? Module, ImmutableArray<long> Indices);
