using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>What the configuration of a LoRA adapter says that decides the merge.</summary>
/// <param name="Ranks">Ranks and alphas of the modules.</param>
/// <param name="UsesRsLora">Whether scaling is alpha/sqrt(r) instead of alpha/r.</param>
internal sealed record LoraConfig(RankAndAlpha Ranks, bool UsesRsLora) : KindConfig
{
    /// <summary>
    /// Which of the projections that one fused weight holds are adapted (<c>enable_lora</c> of PEFT 0.2); empty where weights are adapted whole.
    /// </summary>
    public ImmutableArray<bool> EnabledProjections { get; init; } = [];

    /// <summary><c>use_dora</c>: every adapted module has a trained magnitude beside A and B.</summary>
    public bool UsesDora { get; init; }

    /// <summary>Whether the file says anything of DoRA: torchtune leaves <c>use_dora</c> out.</summary>
    public bool SaysDora { get; init; } = true;

    /// <summary><c>target_parameters</c>: ends of <c>module.parameter</c> paths; such pairs carry no parameter name in the file.</summary>
    public ImmutableArray<string> TargetParameters { get; init; } = [];

    /// <summary><c>use_bdlora</c>: which A and B are block-diagonal; null for none.</summary>
    public BlockDiagonalPattern? BlockDiagonal { get; init; }

    /// <summary>Whether training began by taking the base's smallest singular values away (<c>kasa_config</c>).</summary>
    public bool UsesKasa { get; init; }

    /// <summary><c>init_lora_weights</c> where it is a name, such as <c>pissa</c>: some of them change the base before training.</summary>
    public string? Initialisation { get; init; }

    /// <summary><c>lora_B_layout</c>: how the columns of B lie for fused experts; null where the file does not say.</summary>
    public ExpertLayout? StatedExpertLayout { get; init; }

    /// <summary>Who trained it, where the file shows that.</summary>
    public LoraTrainer Trainer { get; init; }

    internal override int? LargestRank => Ranks.LargestRank;

    internal override string? What => UsesDora
        ? "DoRA adapter: small matrices B and A for some layers, whose product is added to each weight, and a trained length for each of its outputs"
        : "LoRA adapter: small matrices B and A for some layers; merging adds scaling times B times A to each of their weights";

    /// <summary>Names of the parameters of a module that <c>target_parameters</c> hits.</summary>
    public IEnumerable<string> ParametersOf(string module) => TargetParameters
        .Where(target => target.LastIndexOf('.') is var dot && (dot < 0 || $".{module}.".EndsWith($".{target[..dot]}.", StringComparison.Ordinal)))
        .Select(target => target[(target.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal);

    /// <summary>s = alpha/r, or alpha/sqrt(r) with rsLoRA.</summary>
    /// <remarks>PEFT, <c>LoraLayer.update_layer</c>: a division of float64 numbers.</remarks>
    public double ScalingOf(string module)
    {
        (int rank, double alpha) = Ranks.Of(module);
        return Scaling(rank, alpha);
    }

    /// <summary>The same for a module whose rank its tensors tell.</summary>
    public double ScalingOf(string module, int rank) => Scaling(rank, Ranks.AlphasOf(module, rank).First());

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes) =>
        LoraTensors.Read(this, tensors, notes);

    internal override IEnumerable<(string Name, object Value)> Facts(Adapter adapter) => LoraWords.Facts(this, adapter);

    internal override IEnumerable<string> Oddities(Adapter adapter) => LoraWords.Oddities(this, adapter);

    private double Scaling(int rank, double alpha) => UsesRsLora ? alpha / Math.Sqrt(rank) : alpha / rank;
}

/// <summary>Which modules have a block-diagonal A or B.</summary>
/// <param name="A">Texts; a module whose path holds one of them has a block-diagonal A.</param>
/// <param name="B">The same for B.</param>
/// <param name="Blocks">Number of blocks.</param>
internal sealed record BlockDiagonalPattern(ImmutableArray<string> A, ImmutableArray<string> B, int Blocks)
{
    public int BlocksOfA(string module) => A.Any(part => module.Contains(part, StringComparison.Ordinal)) ? Blocks : 1;

    public int BlocksOfB(string module) => B.Any(part => module.Contains(part, StringComparison.Ordinal)) ? Blocks : 1;
}
