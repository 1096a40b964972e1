using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.RandLora;

/// <summary>RandLoRA: sums of many random low-rank products, of full rank together.</summary>
internal sealed class RandLoraKind : AdapterKind
{
    internal static readonly TensorRole Lambda = new("randlora_lambda") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole Gamma = new("randlora_gamma") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole A = new("randlora_A") { Use = RoleUse.Shared, Dimensions = [3] };
    internal static readonly TensorRole B = new("randlora_B") { Use = RoleUse.Shared, Dimensions = [3] };

    public override string PeftType => "RANDLORA";

    public override string Does => "mixtures of random matrices that are added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Lambda, Gamma, A, B];

    internal override ImmutableArray<string> LeafPrefixes => ["randlora_"];

    internal override ImmutableArray<string> Fields { get; } =
        ["init_weights", "projection_prng_key", "r", "randlora_alpha", "randlora_dropout", "runtime_config", "save_projection", "sparse", "very_sparse"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        new RandLoraConfig(
            fields.Rank("r"),
            fields.Number("randlora_alpha") ?? throw fields.Invalid("\"randlora_alpha\" is missing, and without it the strength of the adapter is unknown"),
            fields.Integer("projection_prng_key") ?? 0,
            !fields.Has("save_projection") || fields.Flag("save_projection"),
            fields.Flag("very_sparse") ? RandLoraBases.VerySparse
                : fields.Flag("sparse") ? RandLoraBases.Sparse
                : RandLoraBases.Dense
        );
}
