using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Miss;

/// <summary>Bone: what MiSS was called before, which PEFT no longer reads.</summary>
internal sealed class BoneKind : AdapterKind
{
    private static readonly TensorRole Block = new("bone_block") { IsNeeded = true, Dimensions = [2, 3] };

    public override string PeftType => "BONE";

    public override string Does => "one small block that is repeated all over a weight and added to it";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Block];

    internal override ImmutableArray<string> LeafPrefixes => ["bone_"];

    internal override ImmutableArray<string> Fields { get; } = ["init_weights", "r", "runtime_config"];

    internal override VersionRange? Releases { get; } = VersionRange.Parse("[0.14.0,0.19.0)");

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => MissConfig.Read(fields, Block);
}
