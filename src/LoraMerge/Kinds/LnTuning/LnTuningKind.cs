using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.LnTuning;

/// <summary>LN tuning: normalisation layers that were trained whole, below a name of their own.</summary>
internal sealed class LnTuningKind : AdapterKind
{
    public override string PeftType => "LN_TUNING";

    public override string Does => "trained normalisation layers, whole";

    internal override ImmutableArray<TensorRole> Roles { get; } =
    [
        new("ln_tuning_layers") { Parameter = "weight", Use = RoleUse.Parameter },
        new("ln_tuning_layers") { Parameter = "bias", Use = RoleUse.Parameter },
    ];

    internal override ImmutableArray<string> LeafPrefixes => ["ln_tuning_"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new LnTuningConfig();
}
