using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Kinds.Lora;
using NuGet.Versioning;

namespace LoraMerge.Dialects.Mlx;

/// <summary>How mlx_lm trained.</summary>
internal enum MlxTraining
{
    /// <summary>Low-rank pairs.</summary>
    Lora,

    /// <summary>Low-rank pairs with a magnitude for each row.</summary>
    Dora,

    /// <summary>Whole tensors of the last blocks.</summary>
    Full,
}

/// <summary>adapter_config.json as mlx_lm writes it: all options of the training run, of which few decide a merge.</summary>
/// <param name="Training">How it trained.</param>
/// <param name="Rank">Rank of all pairs; 0 for whole tensors.</param>
/// <param name="Scaling">Factor on B·A.</param>
/// <param name="BaseModelName">What was trained on, often a 4-bit copy.</param>
/// <param name="Origin">Which releases may have written it.</param>
/// <param name="OtherScaling">The factor that other releases of <paramref name="Origin"/> would have taken; null where the file tells.</param>
/// <param name="UnknownParameters">Settings of the pairs that this release does not know.</param>
internal sealed record MlxConfig(
    MlxTraining Training, int Rank, double Scaling, string? BaseModelName, AdapterOrigin Origin, double? OtherScaling, IReadOnlyList<string> UnknownParameters)
{
    private static readonly VersionRange AlphaScales = VersionRange.Parse("(,0.14.2)");
    private static readonly string[] KnownParameters = ["rank", "scale", "alpha", "dropout", "keys", "use_dora"];

    /// <exception cref="LoraMergeException">LORA3002, LORA3005.</exception>
    public static MlxConfig Read(ConfigFields fields, AdapterOrigin origin)
    {
        MlxTraining training = fields.Text("fine_tune_type") switch
        {
            null => SaysDora(fields) ? MlxTraining.Dora : MlxTraining.Lora,
            "lora" => MlxTraining.Lora,
            "dora" => MlxTraining.Dora,
            "full" => MlxTraining.Full,
            var other => throw Errors.AdapterKindUnknown(fields.File, "fine_tune_type", other),
        };
        string? model = fields.Text("model") is { Length: > 0 } name ? name : null;
        if (training == MlxTraining.Full)
            return new MlxConfig(training, 0, 1, model, origin, null, []);
        var parameters = new ConfigFields(fields.File, fields.Object("lora_parameters") ?? throw fields.Invalid("\"lora_parameters\" is missing"));
        int rank = parameters.Integer("rank") is int r and >= 1 ? r : throw fields.Invalid("\"lora_parameters\" has no \"rank\" of at least 1");
        double scale = parameters.Number("scale") ?? throw fields.Invalid("\"lora_parameters\" has no \"scale\"");
        double? withAlpha = scale * parameters.Number("alpha") / rank;
        (double scaling, double? other1) = origin.Follows(AlphaScales) switch
        {
            true => (withAlpha ?? throw fields.Invalid("\"lora_parameters\" has no \"alpha\", which the releases that wrote it multiplied by"), null),
            false => (scale, (double?)null),
            null => (scale, withAlpha == scale ? null : withAlpha),
        };
        return new MlxConfig(training, rank, scaling, model, origin, other1,
            [.. parameters.Names.Where(field => !KnownParameters.Contains(field) && parameters.HasValue(field))]);
    }

    /// <summary>mlx-lm-lora says it among the settings of the pairs.</summary>
    private static bool SaysDora(ConfigFields fields) =>
        fields.Flag("use_dora") || (fields.Object("lora_parameters") is { } parameters && new ConfigFields(fields.File, parameters).Flag("use_dora"));

    /// <summary>0.19 called the number of trained blocks <c>num_layers</c>, before it was <c>lora_layers</c>; <c>use_dora</c> came with 0.13.1.</summary>
    public static AdapterOrigin Date(ConfigFields fields)
    {
        (VersionRange releases, string evidence) = (fields.Has("num_layers"), fields.Has("lora_layers"), fields.Has("use_dora")) switch
        {
            (true, _, _) => (VersionRange.Parse("[0.19.0,)"), "it has \"num_layers\""),
            (false, true, true) => (VersionRange.Parse("[0.13.1,0.19.0)"), "it has \"lora_layers\" and \"use_dora\""),
            (false, true, false) => (VersionRange.Parse("[0.6.0,0.13.1)"), "it has \"lora_layers\" but not \"use_dora\""),
            _ => (VersionRange.All, "it has none of the fields that tell"),
        };
        return new AdapterOrigin(AdapterOrigin.Mlx, releases, evidence);
    }

    /// <summary>What every kind has, in PEFT's terms.</summary>
    public AdapterConfig General => new(Origin)
    {
        BaseModelName = BaseModelName,
        // LoRAEmbedding.as_linear: what is learned of a tied embedding acts in the head too.
        KeepsTies = true,
        UnknownFields = [.. UnknownParameters.Select(name => "lora_parameters." + name)],
    };

    /// <summary>The pairs, in PEFT's terms: mlx_lm's factor is alpha / rank.</summary>
    public LoraConfig Own => new(new RankAndAlpha(Rank, Scaling * Rank, [], []), UsesRsLora: false) { UsesDora = Training == MlxTraining.Dora };
}
