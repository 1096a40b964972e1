using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Vera;

/// <summary>PVeRA: VeRA whose directions vary at random in training; merged, each is its mean.</summary>
internal sealed class PveraKind : AdapterKind
{
    private static readonly VeraRoles Tensors = new("pvera_", PartsOfD: 2);

    public override string PeftType => "PVERA";

    public override string Does => "random matrices that all layers share, with trained factors for each layer that vary in training";

    internal override ImmutableArray<TensorRole> Roles { get; } = Tensors.All;

    internal override ImmutableArray<string> LeafPrefixes => [Tensors.Prefix];

    internal override ImmutableArray<string> Fields { get; } =
    ["d_initial", "generator_seed", "init_weights", "projection_prng_key", "pvera_dropout", "r", "runtime_config", "sample_at_inference", "save_projection"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => VeraConfig.Read(fields, Tensors);
}
