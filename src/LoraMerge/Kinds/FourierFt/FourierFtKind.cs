using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.FourierFt;

/// <summary>FourierFT: a few frequencies at places that a seed draws.</summary>
internal sealed class FourierFtKind : AdapterKind
{
    /// <summary><c>[n]</c>: the strengths of the frequencies.</summary>
    public static TensorRole Spectrum { get; } = new("fourierft_spectrum") { IsNeeded = true, Dimensions = [1] };

    public override string PeftType => "FOURIERFT";

    public override string Does => "a few frequencies whose pattern is added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Spectrum];

    internal override ImmutableArray<string> LeafPrefixes => ["fourierft_"];

    internal override ImmutableArray<string> Fields { get; } = ["init_weights", "n_frequency", "n_frequency_pattern", "random_loc_seed", "scaling"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        new FourierFtConfig(fields.Number("scaling") ?? 150, fields.Integer("random_loc_seed") ?? 777);
}
