using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Frod;

/// <summary>FRoD: trained factors in directions of the inputs that all layers of a sort share.</summary>
internal sealed class FrodKind : AdapterKind
{
    /// <summary><c>[in, in]</c> by sort of layer; columns are the directions.</summary>
    public static TensorRole Directions { get; } = new("frod_V") { Use = RoleUse.Shared, IsKeyed = true, Dimensions = [2] };

    /// <summary><c>[2, n]</c> by sort of layer: rows and columns of the numbers beside the diagonal.</summary>
    public static TensorRole Places { get; } = new("frod_s_indices") { Use = RoleUse.Shared, IsKeyed = true, HoldsIndices = true, Dimensions = [2] };

    /// <summary><c>[2]</c> by sort of layer: in, twice.</summary>
    public static TensorRole Sides { get; } = new("frod_s_size") { Use = RoleUse.Shared, IsKeyed = true, HoldsIndices = true, Dimensions = [1] };

    /// <summary><c>[in]</c>: the diagonal.</summary>
    public static TensorRole Diagonal { get; } = new("frod_lambda_l") { IsNeeded = true, Dimensions = [1] };

    /// <summary><c>[n]</c>: the numbers beside it.</summary>
    public static TensorRole Values { get; } = new("frod_lambda_s_values") { IsNeeded = true, MayBeEmpty = true, Dimensions = [1] };

    public override string PeftType => "FROD";

    public override string Does => "trained factors in directions that all layers of a sort share, which replace those of the weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Directions, Places, Sides, Diagonal, Values];

    internal override ImmutableArray<string> LeafPrefixes => ["frod_"];

    internal override ImmutableArray<string> Fields { get; } =
    [
        "frod_dropout",
        "init_weights",
        "progressbar",
        "projection_prng_key",
        "regularization_alpha",
        "runtime_offload_base_weight",
        "save_projection",
        "sparse_rate",
    ];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new FrodConfig(fields.File);
}
