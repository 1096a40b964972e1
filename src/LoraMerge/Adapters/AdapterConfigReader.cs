using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Reads adapter_config.json; refuses by name whatever cannot be merged to the model that was trained.</summary>
internal sealed class AdapterConfigReader
{
    /// <summary>Fields that are read here or do not change the merge.</summary>
    private static readonly FrozenSet<string> KnownFields = FrozenSet.ToFrozenSet(
    [
        "alora_invocation_tokens", "alpha_pattern", "arrow_config", "auto_mapping", "base_model_name_or_path", "bias", "corda_config",
        "ensure_weight_tying", "enable_lora", "eva_config", "exclude_modules", "fan_in_fan_out", "inference_mode", "init_lora_weights", "kasa_config",
        "layer_replication", "layers_pattern", "layers_to_transform", "loftq_config", "lora_alpha", "lora_bias", "lora_dropout",
        "lora_ga_config", "megatron_config", "megatron_core", "merge_weights", "modules_to_save", "monteclora_config", "peft_type", "peft_version",
        "qalora_group_size", "r", "rank_pattern", "revision", "runtime_config", "target_modules", "target_parameters", "task_type",
        "trainable_token_indices", "use_bdlora", "use_dora", "use_qalora", "use_rslora", "velora_config",
    ], StringComparer.Ordinal);

    /// <summary>Fields of trainers other than PEFT that cannot change a merge; docs/adapters.md gives the reason for each.</summary>
    private static readonly FrozenSet<string> HarmlessFields = FrozenSet.ToFrozenSet(
    [
        "library_name", "lora_dtype", "lorap_emb_lr", "lorap_lr_ratio", "swift_type", "torch_dtype", "transformers_version",
    ], StringComparer.Ordinal);

    private readonly ConfigFields _fields;

    private AdapterConfigReader(ConfigFields fields) => _fields = fields;

    /// <param name="fields">The file, which names a <c>peft_type</c>.</param>
    /// <param name="origin">Which releases may have written it.</param>
    /// <exception cref="LoraMergeException">LORA3002, 3005 to 3007, 3016.</exception>
    public static LoraConfig Read(ConfigFields fields, AdapterOrigin origin) => new AdapterConfigReader(fields).ReadLora(origin);

    private LoraConfig ReadLora(AdapterOrigin origin)
    {
        ThrowIfNotMergeable();
        int rank = _fields.Integer("r") ?? throw _fields.Invalid("\"r\" is missing");
        if (rank < 1)
            throw _fields.Invalid($"\"r\" is {rank}, but a rank is at least 1");
        return new LoraConfig(
            rank,
            Alpha(),
            _fields.Flag("use_rslora"),
            Pattern("rank_pattern", (name, value) => _fields.ToInteger(name, value) is var r and >= 1 ? r : throw _fields.Invalid($"{name} is {JsonFile.TextOf(value)}, but a rank is at least 1")),
            Pattern("alpha_pattern", _fields.ToNumber),
            _fields.Flag("fan_in_fan_out"),
            [.. _fields.Texts("modules_to_save").Where(entry => entry.Length > 0)],
            _fields.Text("task_type"),
            Tokens(),
            _fields.Text("base_model_name_or_path") is { Length: > 0 } name ? name : null,
            origin,
            [.. _fields.Names.Where(field => !KnownFields.Contains(field) && !HarmlessFields.Contains(field) && _fields.HasValue(field))])
        {
            UsesDora = _fields.Flag("use_dora"),
            TargetParameters = _fields.Texts("target_parameters"),
            BlockDiagonal = BlockDiagonal(),
            UsesKasa = _fields.HasValue("kasa_config"),
            Initialisation = Initialisation(),
            KeepsTies = _fields.Flag("ensure_weight_tying"),
            LayerReplication = LayerReplication(),
            TrainsBiasesOfAdaptedModules = _fields.Text("bias") == "lora_only",
            EnabledProjections = EnabledProjections(),
        };
    }

    /// <summary>PEFT's default for a file without it was none at first and 8 later, so that nothing can be taken for granted.</summary>
    private double Alpha() => _fields.Number("lora_alpha") ?? throw _fields.Invalid(
        "\"lora_alpha\" is missing" + (_fields.Has("alpha") ? "; its \"alpha\" is none of PEFT's fields. If it is what was trained with, call it \"lora_alpha\"" : ", and without it the strength of the adapter is unknown"));

    private ImmutableArray<bool> EnabledProjections() => _fields.Value("enable_lora") switch
    {
        null => [],
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue(out bool _)) => [.. list.Select(item => item!.GetValue<bool>())],
        var other => throw _fields.Invalid($"\"enable_lora\" is {JsonFile.TextOf(other)}, but a list of true and false is expected"),
    };

    private void ThrowIfNotMergeable()
    {
        string kind = _fields.Text("peft_type") ?? throw Errors.AdapterKindMissing(_fields.File, _fields.Names);
        if (AdapterKinds.NeverMergeable.TryGetValue(kind, out string? reason))
            throw Errors.AdapterKindNotMergeable(_fields.File, kind, reason);
        if (AdapterKinds.NotYetSupported.Contains(kind))
            throw Errors.AdapterFormNotYetSupported(_fields.File, kind, "peft_type");
        if (kind != AdapterKinds.Lora)
            throw Errors.AdapterKindUnknown(_fields.File, "peft_type", kind);
        if (_fields.HasValue("alora_invocation_tokens"))
            throw Errors.AdapterKindNotMergeable(_fields.File, "activated LoRA (alora_invocation_tokens)", "it acts only after its invocation tokens: merged, it would be another model");
        if (_fields.HasValue("arrow_config"))
            throw Errors.AdapterKindNotMergeable(_fields.File, "Arrow (arrow_config)", "a router chooses among adapters for each token");
        foreach ((string field, string form) in AdapterKinds.LoraFormsNotYetSupported.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (_fields.HasValue(field))
                throw Errors.AdapterFormNotYetSupported(_fields.File, form, field);
        }
        if (Initialisation() is string method && AdapterKinds.IsLostBase(method))
            throw Errors.TrainedOnLostBase(_fields.File, method);
    }

    private string? Initialisation() => _fields.Json["init_lora_weights"] is JsonValue init && init.TryGetValue(out string? method) ? method.ToLowerInvariant() : null;

    private BlockDiagonalPattern? BlockDiagonal()
    {
        if (_fields.Json["use_bdlora"] is not JsonObject json)
            return null;
        var fields = new ConfigFields(_fields.File, json);
        int blocks = fields.Integer("nblocks") ?? 1;
        return blocks >= 1
            ? new BlockDiagonalPattern(fields.Texts("target_modules_bd_a"), fields.Texts("target_modules_bd_b"), blocks)
            : throw _fields.Invalid($"\"nblocks\" is {blocks}, but it is at least 1");
    }

    private ImmutableArray<(int Start, int End)> LayerReplication() => _fields.Value("layer_replication") switch
    {
        null => [],
        JsonArray ranges => [.. ranges.Select(range => range is JsonArray { Count: 2 } pair && pair[0] is { } start && pair[1] is { } end
            ? (_fields.ToInteger("a start of \"layer_replication\"", start), _fields.ToInteger("an end of \"layer_replication\"", end))
            : throw _fields.Invalid("\"layer_replication\" holds something else than pairs of layer numbers"))],
        var other => throw _fields.Invalid($"\"layer_replication\" is {JsonFile.TextOf(other)}, but a list is expected"),
    };

    private ImmutableArray<ModulePattern<T>> Pattern<T>(string name, Func<string, JsonNode, T> read)
    {
        if (_fields.Value(name) is not { } node)
            return [];
        if (node is not JsonObject pattern)
            throw _fields.Invalid($"\"{name}\" is {JsonFile.TextOf(node)}, but an object is expected");
        ImmutableArray<ModulePattern<T>>.Builder patterns = ImmutableArray.CreateBuilder<ModulePattern<T>>(pattern.Count);
        foreach ((string key, JsonNode? value) in pattern)
        {
            T read1 = read($"\"{name}\" of '{key}'", value ?? throw _fields.Invalid($"\"{name}\" of '{key}' is null"));
            try
            {
                patterns.Add(ModulePattern.Create(key, read1));
            }
            catch (ArgumentException e)
            {
                throw Errors.AdapterPatternInvalid(_fields.File, name, key, e.Message);
            }
        }
        return patterns.ToImmutable();
    }

    private ImmutableArray<TrainableTokens> Tokens() => _fields.Value("trainable_token_indices") switch
    {
        null => [],
        JsonArray list => [new TrainableTokens(null, Indices(list))],
        JsonObject modules => [.. modules.Select(module => new TrainableTokens(module.Key, Indices(module.Value as JsonArray ?? throw _fields.Invalid($"\"trainable_token_indices\" of '{module.Key}' is no list"))))],
        var other => throw _fields.Invalid($"\"trainable_token_indices\" is {JsonFile.TextOf(other)}, but a list or an object is expected"),
    };

    private ImmutableArray<long> Indices(JsonArray list) =>
        [.. list.Select(item => (long)_fields.ToInteger("a number of \"trainable_token_indices\"", item ?? throw _fields.Invalid("\"trainable_token_indices\" holds null")))];
}
