using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.C3a;

/// <summary>C3A: blocks whose rows are one row, shifted on and on.</summary>
internal sealed class C3aKind : AdapterKind
{
    /// <summary><c>[out / n, in / n, n]</c>: one row of each circulant block.</summary>
    public static TensorRole Kernel { get; } = new("c3a_kernel") { IsNeeded = true, Dimensions = [3] };

    public override string PeftType => "C3A";

    public override string Does => "circular convolutions that are added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Kernel];

    internal override ImmutableArray<string> LeafPrefixes => ["c3a_"];

    internal override ImmutableArray<string> Fields { get; } = ["block_size", "block_size_pattern", "init_weights"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new C3aConfig();
}
