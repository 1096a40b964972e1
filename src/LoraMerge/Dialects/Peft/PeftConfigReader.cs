using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Dialects.Peft;

/// <summary>Reads adapter_config.json: what every kind has, and then, by its kind, what is left.</summary>
internal sealed class PeftConfigReader
{
    /// <summary>Fields of all kinds that are read here or do not change the merge.</summary>
    private static readonly FrozenSet<string> KnownFields = FrozenSet.ToFrozenSet(
        [
            "auto_mapping",
            "base_model_name_or_path",
            "bias",
            "ensure_weight_tying",
            "exclude_modules",
            "fan_in_fan_out",
            "inference_mode",
            "layer_replication",
            "layers_pattern",
            "layers_to_transform",
            "modules_to_save",
            "peft_type",
            "peft_version",
            "revision",
            "target_modules",
            "task_type",
            "trainable_token_indices",
        ],
        StringComparer.Ordinal
    );

    /// <summary>Fields of trainers other than PEFT that cannot change a merge; docs/adapters.md gives the reason for each.</summary>
    private static readonly FrozenSet<string> HarmlessFields = FrozenSet.ToFrozenSet(
    [
        "library_name", "lora_dtype", "lorap_emb_lr", "lorap_lr_ratio", "swift_type", "torch_dtype", "transformers_version",
    ], StringComparer.Ordinal);

    /// <summary>Embeddings with trained tokens: a model has a handful, and all are held against every module with such tokens.</summary>
    private const int MostEmbeddings = 100;

    private readonly ConfigFields _fields;

    private PeftConfigReader(ConfigFields fields) => _fields = fields;

    /// <param name="fields">The file, which names a <c>peft_type</c>.</param>
    /// <param name="origin">Which releases may have written it.</param>
    /// <exception cref="LoraMergeException">LORA3002, 3005 to 3007, 3016, 3030.</exception>
    public static (AdapterKind Kind, AdapterConfig Config, KindConfig Own) Read(ConfigFields fields, AdapterOrigin origin)
    {
        string name = fields.Text("peft_type") ?? throw Errors.AdapterKindMissing(fields.File, fields.Names);
        AdapterKind kind = AdapterKinds.Find(name) ?? throw Errors.AdapterKindUnknown(fields.File, "peft_type", name);
        // Who is refused hears that first, whatever else is wrong with the file.
        if (!kind.IsMerged)
            kind.ReadConfig(fields, new AdapterConfig(origin));
        AdapterConfig general = new PeftConfigReader(fields).ReadGeneral(kind, origin);
        return (kind, general, kind.ReadConfig(fields, general));
    }

    private AdapterConfig ReadGeneral(AdapterKind kind, AdapterOrigin origin)
    {
        var known = KnownFields.Concat(HarmlessFields).Concat(kind.Fields).ToHashSet(StringComparer.Ordinal);
        return new AdapterConfig(origin)
        {
            BaseModelName = _fields.Text("base_model_name_or_path") is { Length: > 0 } name ? name : null,
            TaskType = _fields.Text("task_type"),
            TrainedClass = _fields.Json["auto_mapping"] is JsonObject mapping && mapping["base_model_class"] is JsonValue value
                && value.TryGetValue(out string? trained) ? trained : null,
            ModulesToSave = [.. _fields.Texts("modules_to_save").Where(entry => entry.Length > 0)],
            TrainableTokens = Tokens(kind.TokensField),
            KeepsTies = _fields.Flag("ensure_weight_tying"),
            LayerReplication = LayerReplication(),
            BiasMode = _fields.Text("bias"),
            HasFanInFanOutFlag = _fields.Flag("fan_in_fan_out"),
            UnknownFields = [.. _fields.Names.Where(field => !known.Contains(field) && _fields.HasValue(field))],
        };
    }

    private ImmutableArray<(int Start, int End)> LayerReplication() => _fields.Value("layer_replication") switch
    {
        null => [],
        JsonArray ranges => [.. ranges.Select(range => range is JsonArray { Count: 2 } pair && pair[0] is { } start && pair[1] is { } end
            ? (_fields.ToInteger("a start of \"layer_replication\"", start), _fields.ToInteger("an end of \"layer_replication\"", end))
            : throw _fields.Invalid("\"layer_replication\" holds something else than pairs of layer numbers"))],
        var other => throw _fields.Invalid($"\"layer_replication\" is {JsonFile.TextOf(other)}, but a list is expected"),
    };

    private ImmutableArray<TrainableTokens> Tokens(string field) =>
        _fields.Value(field) switch
        {
            null => [],
            JsonArray list => [new TrainableTokens(null, Indices(field, list))],
            JsonObject { Count: > MostEmbeddings } modules => throw _fields.Invalid(
                $"\"{field}\" names {modules.Count} modules, and at most {MostEmbeddings} are read"
            ),
            JsonObject modules =>
            [
                .. modules.Select(module => new TrainableTokens(
                    module.Key,
                    Indices(field, module.Value as JsonArray ?? throw _fields.Invalid($"\"{field}\" of '{module.Key}' is no list"))
                )),
            ],
            var other => throw _fields.Invalid($"\"{field}\" is {JsonFile.TextOf(other)}, but a list or an object is expected"),
        };

    private ImmutableArray<long> Indices(string field, JsonArray list) =>
        [.. list.Select(item => (long)_fields.ToInteger($"a number of \"{field}\"", item ?? throw _fields.Invalid($"\"{field}\" holds null")))];
}
