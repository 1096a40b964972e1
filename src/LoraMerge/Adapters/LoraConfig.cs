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
/// <param name="Origin">Which releases may have written the adapter.</param>
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
    AdapterOrigin Origin,
    ImmutableArray<string> UnknownFields)
{
    /// <summary>Whether biases of adapted modules were trained (<c>bias: lora_only</c>), which some releases did not save.</summary>
    public bool TrainsBiasesOfAdaptedModules { get; init; }

    /// <summary>Which of the projections that one fused weight holds are adapted (<c>enable_lora</c> of PEFT 0.2); empty where weights are adapted whole.</summary>
    public ImmutableArray<bool> EnabledProjections { get; init; } = [];

    /// <summary><c>use_dora</c>: every adapted module has a trained magnitude beside A and B.</summary>
    public bool UsesDora { get; init; }

    /// <summary><c>target_parameters</c>: ends of <c>module.parameter</c> paths; such pairs carry no parameter name in the file.</summary>
    public ImmutableArray<string> TargetParameters { get; init; } = [];

    /// <summary><c>use_bdlora</c>: which A and B are block-diagonal; null for none.</summary>
    public BlockDiagonalPattern? BlockDiagonal { get; init; }

    /// <summary>Whether training began by taking the base's smallest singular values away (<c>kasa_config</c>).</summary>
    public bool UsesKasa { get; init; }

    /// <summary><c>init_lora_weights</c> where it is a name, such as <c>pissa</c>: some of them change the base before training.</summary>
    public string? Initialisation { get; init; }

    /// <summary><c>ensure_weight_tying</c>: an adapter of a tied embedding is the head's too.</summary>
    public bool KeepsTies { get; init; }

    /// <summary><c>layer_replication</c>: ranges of base layers, ends exclusive, that the trained model was stacked from.</summary>
    public ImmutableArray<(int Start, int End)> LayerReplication { get; init; } = [];

    /// <summary>Names of the parameters of a module that <c>target_parameters</c> hits.</summary>
    internal IEnumerable<string> ParametersOf(string module) => TargetParameters
        .Where(target => target.LastIndexOf('.') is var dot && (dot < 0 || $".{module}.".EndsWith($".{target[..dot]}.", StringComparison.Ordinal)))
        .Select(target => target[(target.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal);

    /// <summary>How ranks and alphas are looked up: by the rule of the release that wrote the file.</summary>
    internal PatternLookup Lookup { get; init; } = PatternLookup.Today;

    /// <summary>The rank of one module.</summary>
    public int RankOf(string module) => Lookup.Find(this, module).First().Rank;

    /// <summary>Alphas that one module of a known rank may have: several where keys overlap, whose order PEFT does not keep. The first holds.</summary>
    public IEnumerable<double> AlphasOf(string module, int rank) => Lookup.Find(this, module).Where(found => found.Rank == rank).Select(found => found.Alpha);

    /// <summary>s = alpha/r, or alpha/sqrt(r) with rsLoRA.</summary>
    /// <remarks>PEFT, <c>LoraLayer.update_layer</c>: a division of float64 numbers.</remarks>
    public double ScalingOf(string module)
    {
        (int rank, double alpha) = Lookup.Find(this, module).First();
        return Scaling(rank, alpha);
    }

    /// <summary>The same for a module whose rank its tensors tell.</summary>
    public double ScalingOf(string module, int rank) => Scaling(rank, AlphasOf(module, rank).First());

    private double Scaling(int rank, double alpha) => UsesRsLora ? alpha / Math.Sqrt(rank) : alpha / rank;
}

/// <summary>Token numbers whose embedding rows an adapter holds, in the order of its rows.</summary>
/// <param name="Module">End of the embedding's module path; null for the input embedding.</param>
/// <param name="Indices">Token numbers.</param>
public sealed record TrainableTokens(string? Module, ImmutableArray<long> Indices);

/// <summary>Which modules have a block-diagonal A or B.</summary>
/// <param name="A">Texts; a module whose path holds one of them has a block-diagonal A.</param>
/// <param name="B">The same for B.</param>
/// <param name="Blocks">Number of blocks.</param>
public sealed record BlockDiagonalPattern(ImmutableArray<string> A, ImmutableArray<string> B, int Blocks)
{
    internal int BlocksOfA(string module) => A.Any(part => module.Contains(part, StringComparison.Ordinal)) ? Blocks : 1;

    internal int BlocksOfB(string module) => B.Any(part => module.Contains(part, StringComparison.Ordinal)) ? Blocks : 1;
}
