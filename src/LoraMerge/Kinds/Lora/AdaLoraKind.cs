using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Lora;

/// <summary>AdaLoRA: LoRA whose directions have a trained strength each, and of which the weakest were taken out while it was trained.</summary>
internal sealed class AdaLoraKind : AdapterKind
{
    internal static readonly TensorRole A = new("lora_A") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole B = new("lora_B") { IsNeeded = true, Dimensions = [2] };
    internal static readonly TensorRole Strengths = new("lora_E") { IsNeeded = true, Dimensions = [2] };
    private static readonly TensorRole RankNumber = new("ranknum") { Use = RoleUse.Ignored };

    public override string PeftType => "ADALORA";

    public override string Does => "small matrices whose product is added to weights, with more directions where they matter more";

    internal override ImmutableArray<TensorRole> Roles { get; } = [A, B, Strengths, RankNumber];

    /// <summary>LoRA's, besides its own; what LoRA's ask for has no part in it.</summary>
    internal override ImmutableArray<string> Fields { get; } =
    [
        "beta1",
        "beta2",
        "deltaT",
        "init_r",
        "orth_reg_weight",
        "target_r",
        "tfinal",
        "tinit",
        "total_step",
        "alpha_pattern",
        "corda_config",
        "eva_config",
        "init_lora_weights",
        "loftq_config",
        "lora_alpha",
        "lora_dropout",
        "megatron_config",
        "megatron_core",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "runtime_config",
    ];

    internal override ImmutableArray<FirstWritten> FieldHistory => LoraHistory.Fields;

    internal override VersionRange? LostBiases => LoraHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        int rank = fields.Rank("init_r");
        double alpha = fields.Number("lora_alpha") ?? throw fields.Invalid("\"lora_alpha\" is missing, and without it the strength of the adapter is unknown");
        return new AdaLoraConfig(rank, alpha > 0 ? alpha : rank, Kept(fields));
    }

    /// <summary>Which directions were left in the end: <c>{ "…q_proj.lora_E": [true, false, …] }</c>.</summary>
    private static ImmutableDictionary<string, ImmutableArray<bool>> Kept(ConfigFields fields) =>
        fields.Value("rank_pattern") switch
        {
            null => ImmutableDictionary<string, ImmutableArray<bool>>.Empty,
            JsonObject pattern => pattern.ToImmutableDictionary(
                entry => ModuleOf(entry.Key),
                entry => Flags(fields, entry.Key, entry.Value),
                StringComparer.Ordinal
            ),
            var other => throw fields.Invalid($"\"rank_pattern\" is {JsonFile.TextOf(other)}, but an object is expected"),
        };

    private static string ModuleOf(string key) => AdapterKey.Parse(key, [Strengths])?.Module ?? key;

    private static ImmutableArray<bool> Flags(ConfigFields fields, string key, JsonNode? node) =>
        node is JsonArray list && list.All(item => item is JsonValue value && value.TryGetValue(out bool _))
            ? [.. list.Select(item => item!.GetValue<bool>())]
            : throw fields.Invalid(
                $"\"rank_pattern\" of '{key}' is {(node is null ? "null" : JsonFile.TextOf(node))}, but AdaLoRA writes true or false for each direction there"
            );
}
