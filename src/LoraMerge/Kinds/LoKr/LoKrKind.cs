using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.LoKr;

/// <summary>LoKr: Kronecker products, each side of which may be a product of smaller matrices.</summary>
internal sealed class LoKrKind : AdapterKind
{
    internal static readonly TensorRole First = new("lokr_w1") { Dimensions = [2] };
    internal static readonly TensorRole FirstB = new("lokr_w1_a") { Dimensions = [2] };
    internal static readonly TensorRole FirstA = new("lokr_w1_b") { Dimensions = [2] };
    internal static readonly TensorRole Second = new("lokr_w2") { Dimensions = [2, 3, 4] };
    internal static readonly TensorRole SecondB = new("lokr_w2_a") { Dimensions = [2] };
    internal static readonly TensorRole SecondA = new("lokr_w2_b") { Dimensions = [2] };
    internal static readonly TensorRole SecondCore = new("lokr_t2") { Dimensions = [3, 4, 5] };

    /// <summary>Up to 0.13 the product was added as it is, whatever alpha and rank said (<c>LoKrLayer.get_delta_weight</c>).</summary>
    internal static VersionRange WithoutScaling { get; } = VersionRange.Parse("(,0.14.0)");

    public override string PeftType => "LOKR";

    public override string Does => "Kronecker products of small matrices, added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [First, FirstB, FirstA, Second, SecondB, SecondA, SecondCore];

    internal override ImmutableArray<string> LeafPrefixes => ["lokr_"];

    internal override ImmutableArray<string> Fields { get; } =
    [
        "alpha",
        "alpha_pattern",
        "decompose_both",
        "decompose_factor",
        "init_weights",
        "module_dropout",
        "r",
        "rank_dropout",
        "rank_dropout_scale",
        "rank_pattern",
        "runtime_config",
        "use_effective_conv2d",
    ];

    internal override ImmutableArray<FirstWritten> FieldHistory { get; } =
    [new("0.6.0", ["decompose_both", "decompose_factor"]), new("0.14.0", ["rank_dropout_scale"])];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new LoKrConfig(new RankAndAlpha(
        fields.Rank("r"), fields.Number("alpha") ?? throw fields.Invalid("\"alpha\" is missing, and without it the strength of the adapter is unknown"),
        fields.Pattern("rank_pattern", fields.ToRank), fields.Pattern("alpha_pattern", fields.ToNumber)));
}
