using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Osf;

/// <summary>OSF: the smallest singular values of a weight with their vectors, trained anew; the largest stay.</summary>
internal sealed class OsfKind : AdapterKind
{
    /// <summary><c>[out, n]</c>.</summary>
    public static TensorRole U { get; } = new("osf_svd_params.U_low") { IsNeeded = true, Dimensions = [2] };

    /// <summary><c>[n]</c>.</summary>
    public static TensorRole S { get; } = new("osf_svd_params.S_low") { IsNeeded = true, MayBeEmpty = true, Dimensions = [1] };

    /// <summary><c>[n, in]</c>.</summary>
    public static TensorRole V { get; } = new("osf_svd_params.V_low") { IsNeeded = true, Dimensions = [2] };

    public override string PeftType => "OSF";

    public override string Does => "the least directions of weights, trained anew";

    internal override ImmutableArray<TensorRole> Roles { get; } = [U, S, V];

    internal override ImmutableArray<string> LeafPrefixes => ["osf_"];

    internal override ImmutableArray<string> Fields { get; } = ["effective_rank", "init_weights", "rank_pattern", "target_svd_config"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new OsfConfig();
}
