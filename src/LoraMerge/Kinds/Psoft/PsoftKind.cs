using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Psoft;

/// <summary>PSOFT: a rotation within the strongest directions of a weight.</summary>
internal sealed class PsoftKind : AdapterKind
{
    /// <summary><c>[r·(r - 1) / 2]</c>, or <c>[r, r]</c> without <c>psoft_orth</c>.</summary>
    public static TensorRole Numbers { get; } = new("psoft_R") { Parameter = "weight", IsNeeded = true, MayBeEmpty = true, Dimensions = [1, 2] };

    /// <summary><c>[r]</c>: factors of the rotation's rows.</summary>
    public static TensorRole RowFactors { get; } = new("psoft_R") { Parameter = "vector_b", Dimensions = [1] };

    /// <summary><c>[r]</c>: factors of its columns.</summary>
    public static TensorRole ColumnFactors { get; } = new("psoft_R") { Parameter = "vector_a", Dimensions = [1] };

    public override string PeftType => "PSOFT";

    public override string Does => "rotations within the strongest directions of weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Numbers, RowFactors, ColumnFactors];

    internal override ImmutableArray<string> LeafPrefixes => ["psoft_"];

    internal override ImmutableArray<string> Fields { get; } =
    [
        "ab_svd_init",
        "cayley_neumann_eps",
        "init_weights",
        "num_cayley_neumann_terms",
        "psoft_alpha",
        "psoft_dropout",
        "psoft_mag_a",
        "psoft_mag_b",
        "psoft_orth",
        "psoft_svd",
        "psoft_svd_lowrank_niter",
        "r",
        "random_seed",
        "use_cayley_neumann",
    ];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        bool isSeries = fields.Flag("use_cayley_neumann");
        return new PsoftConfig(
            fields.Integer("r") ?? 32,
            Flag("psoft_orth"),
            Flag("psoft_mag_b"),
            Flag("psoft_mag_a"),
            isSeries ? fields.Integer("num_cayley_neumann_terms") ?? 5 : 0,
            isSeries ? fields.Number("cayley_neumann_eps") : null,
            fields.Text("ab_svd_init") switch
            {
                null or "psoft_init" => false,
                "pissa_init" => true,
                var other => throw Errors.AdapterFormNotYetSupported(fields.File, "a PSOFT adapter of another start", $"\"ab_svd_init\" is \"{other}\""),
            },
            fields.Text("psoft_svd") switch
            {
                null or "full" => null,
                "lowrank" when fields.Integer("random_seed") is int seed => new PsoftDraw(seed, fields.Integer("psoft_svd_lowrank_niter") ?? 10),
                "lowrank" => throw Errors.AdapterFormNotYetSupported(
                    fields.File,
                    "a PSOFT adapter whose directions come from random numbers",
                    "\"psoft_svd\" is \"lowrank\", and no \"random_seed\" says which"
                ),
                var other => throw Errors.AdapterFormNotYetSupported(fields.File, "a PSOFT adapter of another decomposition", $"\"psoft_svd\" is \"{other}\""),
            });

        bool Flag(string name) => !fields.Has(name) || fields.Flag(name);
    }
}
