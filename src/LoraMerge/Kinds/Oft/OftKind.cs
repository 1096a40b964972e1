using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Oft;

/// <summary>OFT: rotations of groups of inputs; in its first releases, of outputs.</summary>
internal sealed class OftKind : AdapterKind
{
    public override string PeftType => "OFT";

    public override string Does => "rotations of weights";

    internal override ImmutableArray<TensorRole> Roles => OftRoles.All;

    internal override ImmutableArray<string> LeafPrefixes => ["oft_"];

    internal override ImmutableArray<string> Fields { get; } =
    [
        "alpha_pattern",
        "block_share",
        "coft",
        "eps",
        "init_weights",
        "module_dropout",
        "num_cayley_neumann_terms",
        "oft_block_size",
        "r",
        "rank_pattern",
        "use_cayley_neumann",
    ];

    internal override ImmutableArray<FirstWritten> FieldHistory { get; } = [new("0.14.0", ["oft_block_size"]), new("0.16.0", ["use_cayley_neumann"])];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        int terms = fields.Integer("num_cayley_neumann_terms") ?? 5;
        bool isSeries = !fields.Has("use_cayley_neumann") || fields.Flag("use_cayley_neumann");
        return new OftConfig(
            isSeries ? (terms >= 1 ? terms : throw fields.Invalid($"\"num_cayley_neumann_terms\" is {terms}, but it is at least 1")) : 0,
            fields.Flag("coft") ? fields.Number("eps") ?? 6e-5 : null,
            fields.Flag("block_share"),
            general.Origin);
    }
}
