using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.GraLora;

/// <summary>GraLoRA: a product of small matrices for each of k·k blocks of a weight.</summary>
internal sealed class GraLoraKind : AdapterKind
{
    /// <summary><c>[k, in / k, r]</c>.</summary>
    public static TensorRole A { get; } = new("gralora_A") { IsNeeded = true, Dimensions = [3] };

    /// <summary><c>[k, r, out / k]</c>.</summary>
    public static TensorRole B { get; } = new("gralora_B") { IsNeeded = true, Dimensions = [3] };

    /// <summary><c>[hybrid_r, in]</c>: of a plain product beside the blocks.</summary>
    public static TensorRole GeneralA { get; } = new("gralora_A_general") { Parameter = "weight", Dimensions = [2] };

    /// <summary><c>[out, hybrid_r]</c>.</summary>
    public static TensorRole GeneralB { get; } = new("gralora_B_general") { Parameter = "weight", Dimensions = [2] };

    public override string PeftType => "GRALORA";

    public override string Does => "small matrices for each block of a weight, whose products are added to it";

    internal override ImmutableArray<TensorRole> Roles { get; } = [A, B, GeneralA, GeneralB];

    internal override ImmutableArray<string> LeafPrefixes => ["gralora_"];

    internal override ImmutableArray<string> Fields { get; } = ["alpha", "gralora_dropout", "gralora_k", "hybrid_r", "init_weights", "r"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new GraLoraConfig(fields.Number("alpha") ?? 64);
}
