using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Hra;

/// <summary>HRA: a chain of reflections of the inputs.</summary>
internal sealed class HraKind : AdapterKind
{
    /// <summary><c>[in, r]</c>; one column is the normal of a reflection.</summary>
    public static TensorRole Normals { get; } = new("hra_u") { IsNeeded = true, Dimensions = [2] };

    public override string PeftType => "HRA";

    public override string Does => "reflections of weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Normals];

    internal override ImmutableArray<string> LeafPrefixes => ["hra_"];

    internal override ImmutableArray<string> Fields { get; } = ["apply_GS", "init_weights", "r"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new HraConfig(fields.Flag("apply_GS"));
}
