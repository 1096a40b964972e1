using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.LoHa;

/// <summary>LoHa: low-rank Hadamard products.</summary>
internal sealed class LoHaKind : AdapterKind
{
    internal static readonly TensorRole FirstB = new("hada_w1_a") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole FirstA = new("hada_w1_b") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole SecondB = new("hada_w2_a") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole SecondA = new("hada_w2_b") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole FirstCore = new("hada_t1") { Dimensions = [3, 4, 5] };
    internal static readonly TensorRole SecondCore = new("hada_t2") { Dimensions = [3, 4, 5] };

    public override string PeftType => "LOHA";

    public override string Does => "two products of small matrices, multiplied element by element and added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [FirstB, FirstA, SecondB, SecondA, FirstCore, SecondCore];

    internal override ImmutableArray<string> LeafPrefixes => ["hada_"];

    internal override ImmutableArray<string> Fields { get; } =
        ["alpha", "alpha_pattern", "init_weights", "module_dropout", "r", "rank_dropout", "rank_pattern", "runtime_config", "use_effective_conv2d"];

    internal override ImmutableArray<FirstWritten> FieldHistory { get; } = [new("0.6.0", ["use_effective_conv2d"])];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new LoHaConfig(new RankAndAlpha(
        fields.Rank("r"), fields.Number("alpha") ?? throw fields.Invalid("\"alpha\" is missing, and without it the strength of the adapter is unknown"),
        fields.Pattern("rank_pattern", fields.ToRank), fields.Pattern("alpha_pattern", fields.ToNumber)));
}
