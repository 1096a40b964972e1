using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Vera;

/// <summary>VeRA: vector-based random matrix adaptation.</summary>
internal sealed class VeraKind : AdapterKind
{
    private static readonly VeraRoles Tensors = new("vera_", PartsOfD: 1);

    public override string PeftType => "VERA";

    public override string Does => "random matrices that all layers share, with trained factors for each layer";

    internal override ImmutableArray<TensorRole> Roles { get; } = Tensors.All;

    internal override ImmutableArray<string> LeafPrefixes => [Tensors.Prefix];

    internal override ImmutableArray<string> Fields { get; } =
    ["d_initial", "init_weights", "projection_prng_key", "r", "runtime_config", "save_projection", "vera_dropout"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => VeraConfig.Read(fields, Tensors);
}
