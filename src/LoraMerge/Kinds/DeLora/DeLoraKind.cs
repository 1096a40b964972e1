using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.DeLora;

/// <summary>DeLoRA: a product of small matrices whose directions and length are trained apart.</summary>
internal sealed class DeLoraKind : AdapterKind
{
    /// <summary><c>[r, in]</c>.</summary>
    public static TensorRole A { get; } = new("delora_A") { IsNeeded = true, Dimensions = [2] };

    /// <summary><c>[out, r]</c>.</summary>
    public static TensorRole B { get; } = new("delora_B") { IsNeeded = true, Dimensions = [2] };

    /// <summary><c>[1]</c>: λ.</summary>
    public static TensorRole Length { get; } = new("delora_lambda") { IsNeeded = true, Dimensions = [1] };

    /// <summary><c>[in]</c>: norms of the columns of the weight, as training began.</summary>
    public static TensorRole InputNorms { get; } = new("delora_w_norm") { IsNeeded = true, Dimensions = [1] };

    public override string PeftType => "DELORA";

    public override string Does => "small matrices whose product, brought to a trained length, is added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [A, B, Length, InputNorms];

    internal override ImmutableArray<string> LeafPrefixes => ["delora_"];

    internal override ImmutableArray<string> Fields { get; } = ["delora_lambda", "init_weights", "lambda_pattern", "module_dropout", "r", "rank_pattern"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new DeLoraConfig();
}
