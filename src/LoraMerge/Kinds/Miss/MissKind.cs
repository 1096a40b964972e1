using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Miss;

/// <summary>MiSS: matrix shard sharing.</summary>
internal sealed class MissKind : AdapterKind
{
    private static readonly TensorRole Block = new("miss_block") { IsNeeded = true, Dimensions = [2, 3] };

    public override string PeftType => "MISS";

    public override string Does => "one small block that is repeated all over a weight and added to it";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Block];

    internal override ImmutableArray<string> LeafPrefixes => ["miss_"];

    internal override ImmutableArray<string> Fields { get; } = ["init_weights", "mini_r", "miss_dropout", "r", "runtime_config"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => MissConfig.Read(fields, Block);
}
