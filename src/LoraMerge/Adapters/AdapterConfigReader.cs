using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Reads adapter_config.json; refuses by name whatever cannot be merged to the model that was trained.</summary>
internal sealed class AdapterConfigReader
{
    public const string FileName = "adapter_config.json";

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

    private readonly string _file;
    private readonly JsonObject _json;

    private AdapterConfigReader(string file, JsonObject json)
    {
        _file = file;
        _json = json;
    }

    /// <exception cref="LoraMergeException">LORA3001, 3002, 3005 to 3007, 3016, 3017.</exception>
    public static LoraConfig Read(string file)
    {
        try
        {
            return new AdapterConfigReader(file, JsonFile.Read(file)).ReadLora();
        }
        catch (JsonException e)
        {
            throw Errors.AdapterConfigInvalid(file, e.Message);
        }
    }

    private LoraConfig ReadLora()
    {
        ThrowIfNotMergeable();
        int rank = Integer("r") ?? throw Errors.AdapterConfigInvalid(_file, "\"r\" is missing");
        if (rank < 1)
            throw Errors.AdapterConfigInvalid(_file, $"\"r\" is {rank}, but a rank is at least 1");
        return new LoraConfig(
            rank,
            Number("lora_alpha") ?? throw Errors.AdapterConfigInvalid(_file, "\"lora_alpha\" is missing"),
            Flag("use_rslora"),
            Pattern("rank_pattern", (name, value) => ToInteger(name, value) is var r and >= 1 ? r : throw Errors.AdapterConfigInvalid(_file, $"{name} is {value.ToJsonString()}, but a rank is at least 1")),
            Pattern("alpha_pattern", ToNumber),
            Flag("fan_in_fan_out"),
            [.. Texts("modules_to_save").Where(entry => entry.Length > 0)],
            Text("task_type"),
            Tokens(),
            Text("base_model_name_or_path"),
            !_json.ContainsKey("corda_config") && !_json.ContainsKey("trainable_token_indices"),
            [.. _json.Where(field => !KnownFields.Contains(field.Key) && HasValue(field.Value)).Select(field => field.Key)])
        {
            UsesDora = Flag("use_dora"),
            TargetParameters = Texts("target_parameters"),
            BlockDiagonal = BlockDiagonal(),
            UsesKasa = HasValue(_json["kasa_config"]),
            Initialisation = Initialisation(),
            KeepsTies = Flag("ensure_weight_tying"),
            PeftVersion = Text("peft_version"),
            LayerReplication = LayerReplication(),
        };
    }

    private void ThrowIfNotMergeable()
    {
        if (!_json.ContainsKey("peft_type") && (_json.ContainsKey("fine_tune_type") || _json.ContainsKey("lora_parameters")))
            throw Errors.AdapterFormNotYetSupported(_file, "an MLX adapter", "fine_tune_type");
        string kind = Text("peft_type") ?? throw Errors.AdapterKindMissing(_file);
        if (AdapterKinds.NeverMergeable.TryGetValue(kind, out string? reason))
            throw Errors.AdapterKindNotMergeable(_file, kind, reason);
        if (AdapterKinds.NotYetSupported.Contains(kind))
            throw Errors.AdapterFormNotYetSupported(_file, kind, "peft_type");
        if (kind != AdapterKinds.Lora)
            throw Errors.AdapterKindUnknown(_file, kind);
        if (HasValue(_json["alora_invocation_tokens"]))
            throw Errors.AdapterKindNotMergeable(_file, "activated LoRA (alora_invocation_tokens)", "it acts only after its invocation tokens: merged, it would be another model");
        if (HasValue(_json["arrow_config"]))
            throw Errors.AdapterKindNotMergeable(_file, "Arrow (arrow_config)", "a router chooses among adapters for each token");
        foreach ((string field, string form) in AdapterKinds.LoraFormsNotYetSupported.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (HasValue(_json[field]))
                throw Errors.AdapterFormNotYetSupported(_file, form, field);
        }
        if (Initialisation() is string method && AdapterKinds.IsLostBase(method))
            throw Errors.TrainedOnLostBase(_file, method);
    }

    private string? Initialisation() => _json["init_lora_weights"] is JsonValue init && init.TryGetValue(out string? method) ? method.ToLowerInvariant() : null;

    private BlockDiagonalPattern? BlockDiagonal()
    {
        if (_json["use_bdlora"] is not JsonObject fields)
            return null;
        var reader = new AdapterConfigReader(_file, fields);
        int blocks = reader.Integer("nblocks") ?? 1;
        return blocks >= 1
            ? new BlockDiagonalPattern(reader.Texts("target_modules_bd_a"), reader.Texts("target_modules_bd_b"), blocks)
            : throw Errors.AdapterConfigInvalid(_file, $"\"nblocks\" is {blocks}, but it is at least 1");
    }

    private ImmutableArray<(int Start, int End)> LayerReplication() => _json["layer_replication"] switch
    {
        null => [],
        JsonArray ranges => [.. ranges.Select(range => range is JsonArray { Count: 2 } pair && pair[0] is { } start && pair[1] is { } end
            ? (ToInteger("a start of \"layer_replication\"", start), ToInteger("an end of \"layer_replication\"", end))
            : throw Errors.AdapterConfigInvalid(_file, "\"layer_replication\" holds something else than pairs of layer numbers"))],
        var other => throw Errors.AdapterConfigInvalid(_file, $"\"layer_replication\" is {other.ToJsonString()}, but a list is expected"),
    };

    private ImmutableArray<ModulePattern<T>> Pattern<T>(string name, Func<string, JsonNode, T> read)
    {
        if (_json[name] is not { } node)
            return [];
        if (node is not JsonObject pattern)
            throw Errors.AdapterConfigInvalid(_file, $"\"{name}\" is {node.ToJsonString()}, but an object is expected");
        ImmutableArray<ModulePattern<T>>.Builder patterns = ImmutableArray.CreateBuilder<ModulePattern<T>>(pattern.Count);
        foreach ((string key, JsonNode? value) in pattern)
        {
            T read1 = read($"\"{name}\" of '{key}'", value ?? throw Errors.AdapterConfigInvalid(_file, $"\"{name}\" of '{key}' is null"));
            try
            {
                patterns.Add(ModulePattern.Create(key, read1));
            }
            catch (ArgumentException e)
            {
                throw Errors.AdapterPatternInvalid(_file, name, key, e.Message);
            }
        }
        return patterns.ToImmutable();
    }

    private ImmutableArray<TrainableTokens> Tokens() => _json["trainable_token_indices"] switch
    {
        null => [],
        JsonArray list => [new TrainableTokens(null, Indices(list))],
        JsonObject modules => [.. modules.Select(module => new TrainableTokens(module.Key, Indices(module.Value as JsonArray ?? throw Errors.AdapterConfigInvalid(_file, $"\"trainable_token_indices\" of '{module.Key}' is no list"))))],
        var other => throw Errors.AdapterConfigInvalid(_file, $"\"trainable_token_indices\" is {other.ToJsonString()}, but a list or an object is expected"),
    };

    private ImmutableArray<long> Indices(JsonArray list) =>
        [.. list.Select(item => (long)ToInteger("a number of \"trainable_token_indices\"", item ?? throw Errors.AdapterConfigInvalid(_file, "\"trainable_token_indices\" holds null")))];

    private string? Text(string name) => _json[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw Errors.AdapterConfigInvalid(_file, $"\"{name}\" is {other.ToJsonString()}, but a text is expected"),
    };

    private bool Flag(string name) => _json[name] switch
    {
        null => false,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        var other => throw Errors.AdapterConfigInvalid(_file, $"\"{name}\" is {other.ToJsonString()}, but true or false is expected"),
    };

    private ImmutableArray<string> Texts(string name) => _json[name] switch
    {
        null => [],
        JsonValue value when value.TryGetValue(out string? one) => [one],
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue(out string? _)) => [.. list.Select(item => item!.GetValue<string>())],
        var other => throw Errors.AdapterConfigInvalid(_file, $"\"{name}\" is {other.ToJsonString()}, but a list of texts is expected"),
    };

    private int? Integer(string name) => _json[name] is { } node ? ToInteger($"\"{name}\"", node) : null;

    private double? Number(string name) => _json[name] is { } node ? ToNumber($"\"{name}\"", node) : null;

    private int ToInteger(string name, JsonNode node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int number)
            ? number
            : throw Errors.AdapterConfigInvalid(_file, $"{name} is {node.ToJsonString()}, but a whole number is expected");

    private double ToNumber(string name, JsonNode node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Errors.AdapterConfigInvalid(_file, $"{name} is {node.ToJsonString()}, but a finite number is expected");

    /// <summary>Null, false, zero and empty values ask for nothing.</summary>
    private static bool HasValue(JsonNode? node) => node switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonObject fields => fields.Count > 0,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.False => false,
            JsonValueKind.String => node.GetValue<string>().Length > 0,
            JsonValueKind.Number => node.ToJsonString() is not ("0" or "0.0"),
            _ => true,
        },
    };
}
