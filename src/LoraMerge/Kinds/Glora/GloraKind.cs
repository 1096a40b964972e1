using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Glora;

/// <summary>GLoRA: factors and additions for weights and biases.</summary>
internal sealed class GloraKind : AdapterKind
{
    /// <summary>Factors of the weight's numbers.</summary>
    public static GloraRoles A { get; } = new("glora_A");

    /// <summary>What is added to the weight.</summary>
    public static GloraRoles B { get; } = new("glora_B");

    /// <summary>An input whose output is added to the bias.</summary>
    public static GloraRoles C { get; } = new("glora_C");

    /// <summary>Factors of the bias's numbers.</summary>
    public static GloraRoles D { get; } = new("glora_D");

    /// <summary>What is added to the bias.</summary>
    public static GloraRoles E { get; } = new("glora_E");

    public override string PeftType => "GLORA";

    public override string Does => "trained factors and additions for weights and biases, each a number, a vector or small matrices";

    internal override ImmutableArray<TensorRole> Roles { get; } = [.. A.All, .. B.All, .. C.All, .. D.All, .. E.All];

    internal override ImmutableArray<string> LeafPrefixes => ["glora_"];

    internal override ImmutableArray<string> Fields { get; } = ["config_A_B", "config_C", "config_D_E", "init_weights", "r"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new GloraConfig();
}
