using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.TinyLora;

/// <summary>TinyLoRA: a handful of trained numbers that mix fixed directions.</summary>
internal sealed class TinyLoraKind : AdapterKind
{
    internal static readonly TensorRole A = new("tinylora_A") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole B = new("tinylora_B") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole Projection = new("tinylora_P") { Dimensions = [3] };
    internal static readonly TensorRole Numbers = new("tinylora_v") { Use = RoleUse.Shared, IsNeeded = true, IsKeyed = true, Dimensions = [1] };

    public override string PeftType => "TINYLORA";

    public override string Does => "a handful of trained numbers that mix fixed directions of weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [A, B, Projection, Numbers];

    internal override ImmutableArray<string> LeafPrefixes => ["tinylora_"];

    internal override ImmutableArray<string> Fields { get; } =
        ["init_v_bound", "init_weights", "projection_seed", "r", "runtime_config", "save_projection", "tinylora_dropout", "u", "weight_tying"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        new TinyLoraConfig(fields.Rank("r"), fields.Integer("projection_seed") ?? TinyLoraConfig.DefaultSeed, fields.Number("weight_tying") ?? 0);
}
