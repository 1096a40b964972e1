using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Deft;

/// <summary>DEFT, and PaRa, which only takes directions out.</summary>
internal sealed class DeftKind : AdapterKind
{
    /// <summary><c>[out, r]</c>: the directions.</summary>
    public static TensorRole Directions { get; } = new("deft_P") { IsNeeded = true, Dimensions = [2] };

    /// <summary><c>[r, in]</c>: what is put in their place.</summary>
    public static TensorRole Replacement { get; } = new("deft_R") { Dimensions = [2] };

    public override string PeftType => "DEFT";

    public override string Does => "a few directions that are taken out of weights, and others that are put in their place";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Directions, Replacement];

    internal override ImmutableArray<string> LeafPrefixes => ["deft_"];

    internal override ImmutableArray<string> Fields { get; } = ["alpha", "decomposition_method", "deft_dropout", "init_scale", "init_weights", "para", "r"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        new DeftConfig(
            fields.Text("decomposition_method") switch
            {
                null or "relu" => false,
                "qr" => true,
                var other => throw Errors.AdapterFormNotYetSupported(
                    fields.File,
                    "a DEFT adapter of another way to project",
                    $"\"decomposition_method\" is \"{other}\""
                ),
            },
            fields.Flag("para"),
            fields.Number("alpha")
        );
}
