using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Lora;

/// <summary>LoRA with its variants: rsLoRA, DoRA, BdLoRA, KaSA, PiSSA, OLoRA, fused projections of PEFT 0.2, parameters of experts.</summary>
internal sealed class LoraKind : AdapterKind
{
    /// <summary>Names of block-diagonal modules: a model has a handful, and all are held against every module.</summary>
    private const int MostBlockDiagonal = 100;

    public override string PeftType => "LORA";

    public override string Does => "small matrices whose product is added to weights";

    internal override ImmutableArray<TensorRole> Roles => LoraRoles.All;

    internal override ImmutableArray<string> LeafPrefixes => ["lora_"];

    /// <summary>The last four are other trainers'; docs/adapters.md gives the reason why they are harmless.</summary>
    internal override ImmutableArray<string> Fields { get; } =
    [
        "alora_invocation_tokens",
        "alpha_pattern",
        "arrow_config",
        "corda_config",
        "enable_lora",
        "eva_config",
        "init_lora_weights",
        "lora_B_layout",
        "kasa_config",
        "loftq_config",
        "lora_alpha",
        "lora_bias",
        "lora_dropout",
        "lora_ga_config",
        "megatron_config",
        "megatron_core",
        "merge_weights",
        "monteclora_config",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "runtime_config",
        "target_parameters",
        "use_bdlora",
        "use_dora",
        "use_qalora",
        "use_rslora",
        "velora_config",
        "lora_dtype",
        "lorap_emb_lr",
        "lorap_lr_ratio",
        "unsloth_training_method",
    ];

    internal override ImmutableArray<FirstWritten> FieldHistory => LoraHistory.Fields;

    internal override (VersionRange Releases, ImmutableArray<string> Fields)? GoneFields => LoraHistory.FieldsOf02;

    internal override VersionRange? LostBiases => LoraHistory.BiasesNotSaved;

    internal override IEnumerable<StoredTensor> Placeholders(IReadOnlyCollection<StoredTensor> tensors) => StackedPairs.Placeholders(tensors);

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        ThrowIfNotMergeable(fields);
        return new LoraConfig(
            new RankAndAlpha(fields.Rank("r"), Alpha(fields), fields.Pattern("rank_pattern", fields.ToRank), fields.Pattern("alpha_pattern", fields.ToNumber)),
            fields.Flag("use_rslora"))
        {
            UsesDora = fields.Flag("use_dora"),
            SaysDora = fields.HasValue("use_dora"),
            TargetParameters = fields.Texts("target_parameters"),
            BlockDiagonal = BlockDiagonal(fields),
            UsesKasa = fields.HasValue("kasa_config"),
            Initialisation = Initialisation(fields),
            EnabledProjections = EnabledProjections(fields),
            StatedExpertLayout = ExpertLayoutChoice.Stated(fields),
            Trainer = LoraTrainers.Of(fields),
        };
    }

    private static void ThrowIfNotMergeable(ConfigFields fields)
    {
        if (fields.HasValue("alora_invocation_tokens"))
            throw Errors.AdapterKindNotMergeable(
                fields.File,
                "activated LoRA (alora_invocation_tokens)",
                "it acts only after its invocation tokens: merged, it would be another model"
            );
        // IBM's own library, before PEFT had the kind.
        if (fields.HasValue("invocation_string"))
            throw Errors.AdapterKindNotMergeable(
                fields.File, "activated LoRA (invocation_string)", "it acts only after its invocation: merged, it would be another model");
        if (fields.HasValue("arrow_config"))
            throw Errors.AdapterKindNotMergeable(fields.File, "Arrow (arrow_config)", "a router chooses among adapters for each token");
        if (Initialisation(fields) is string method && IsLostBase(method))
            throw LoraErrors.TrainedOnLostBase(fields.File, method);
    }

    /// <summary>Whether a value of <c>init_lora_weights</c> trains on a changed base that neither the adapter nor the base as published tells.</summary>
    /// <remarks>
    /// CorDA and LoRA-GA need data, LoftQ a quantiser, <c>pissa_niter_k</c> the random numbers of the trainer. <c>pissa</c> and <c>olora</c> can be computed
    /// again.
    /// </remarks>
    private static bool IsLostBase(string initialisation) =>
        initialisation is "corda" or "loftq" or "lora_ga" || initialisation.StartsWith("pissa_niter_", StringComparison.Ordinal);

    /// <summary>PEFT's default for a file without it was none at first and 8 later, so that nothing can be taken for granted.</summary>
    private static double Alpha(ConfigFields fields) => fields.Number("lora_alpha") switch
    {
        null => throw fields.Invalid(
            "\"lora_alpha\" is missing"
                + (
                    fields.Has("alpha")
                        ? "; its \"alpha\" is none of PEFT's fields. If it is what was trained with, call it \"lora_alpha\""
                        : ", and without it the strength of the adapter is unknown"
                )
        ),
        0 when !fields.HasValue("alpha_pattern") => throw LoraErrors.AlphaIsZero(fields.File),
        double alpha => alpha,
    };

    private static ImmutableArray<bool> EnabledProjections(ConfigFields fields) => fields.Value("enable_lora") switch
    {
        null => [],
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue(out bool _)) => [.. list.Select(item => item!.GetValue<bool>())],
        var other => throw fields.Invalid($"\"enable_lora\" is {JsonFile.TextOf(other)}, but a list of true and false is expected"),
    };

    private static string? Initialisation(ConfigFields fields) =>
        fields.Json["init_lora_weights"] is JsonValue init && init.TryGetValue(out string? method) ? method.ToLowerInvariant().Replace('-', '_') : null;

    private static BlockDiagonalPattern? BlockDiagonal(ConfigFields fields)
    {
        if (fields.Json["use_bdlora"] is not JsonObject json)
            return null;
        var inner = new ConfigFields(fields.File, json);
        int blocks = inner.Integer("nblocks") ?? 1;
        (ImmutableArray<string> a, ImmutableArray<string> b) = (inner.Texts("target_modules_bd_a"), inner.Texts("target_modules_bd_b"));
        if (a.Length + b.Length > MostBlockDiagonal)
            throw fields.Invalid($"\"use_bdlora\" names {a.Length + b.Length} modules, and at most {MostBlockDiagonal} are read");
        return blocks >= 1
            ? new BlockDiagonalPattern(a, b, blocks)
            : throw fields.Invalid($"\"nblocks\" is {blocks}, but it is at least 1");
    }
}
