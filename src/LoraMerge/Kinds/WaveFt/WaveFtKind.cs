using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.WaveFt;

/// <summary>WaveFT: a few wavelets at places that a seed draws.</summary>
internal sealed class WaveFtKind : AdapterKind
{
    /// <summary><c>[n]</c>: the strengths of the wavelets.</summary>
    public static TensorRole Spectrum { get; } = new("waveft_spectrum") { IsNeeded = true, Dimensions = [1] };

    public override string PeftType => "WAVEFT";

    public override string Does => "a few wavelets whose pattern is added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Spectrum];

    internal override ImmutableArray<string> LeafPrefixes => ["waveft_"];

    internal override ImmutableArray<string> Fields { get; } =
    ["init_weights", "n_frequency", "n_frequency_pattern", "proportional_parameters", "random_loc_seed", "scaling", "use_idwt", "wavelet_family"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        string family = (fields.Text("wavelet_family") ?? "db1").ToLowerInvariant();
        bool isTransformed = !fields.Has("use_idwt") || fields.Flag("use_idwt");
        return isTransformed && !Wavelet.IsKnown(family)
            ? throw fields.Invalid($"\"wavelet_family\" is \"{family}\", but one of PEFT's is expected: {Wavelet.Names}")
            : new WaveFtConfig(isTransformed ? family : null, fields.Number("scaling") ?? 25, fields.Integer("random_loc_seed") ?? 777);
    }
}
