using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.UniLora;

/// <summary>Uni-LoRA: low-rank matrices whose numbers are all taken from one short list.</summary>
internal sealed class UniLoraKind : AdapterKind
{
    internal static readonly TensorRole Theta = new("unilora_theta_d") { Use = RoleUse.Shared, IsNeeded = true, Dimensions = [1] };
    internal static readonly TensorRole IndicesA = new("unilora_indices_A") { IsNeeded = true, HoldsIndices = true, Dimensions = [2] };
    internal static readonly TensorRole IndicesB = new("unilora_indices_B") { IsNeeded = true, HoldsIndices = true, Dimensions = [2] };
    internal static readonly TensorRole ScalesA = new("unilora_scales_A") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole ScalesB = new("unilora_scales_B") { IsNeeded = true, Dimensions = [2] };

    public override string PeftType => "UNILORA";

    public override string Does => "small matrices whose numbers are all taken from one short list, and whose product is added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Theta, IndicesA, IndicesB, ScalesA, ScalesB];

    internal override ImmutableArray<string> LeafPrefixes => ["unilora_"];

    internal override ImmutableArray<string> Fields { get; } =
        ["init_theta_d_bound", "init_weights", "proj_seed", "r", "runtime_config", "save_indices", "theta_d_length", "unilora_dropout"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        int seed = fields.Integer("proj_seed") ?? UniLoraConfig.DefaultSeed;
        if (seed < 0)
            throw fields.Invalid($"\"proj_seed\" is {seed}, but a seed is not negative");
        return new UniLoraConfig(fields.Rank("r"), seed, TargetModules.Read(fields, general));
    }
}
