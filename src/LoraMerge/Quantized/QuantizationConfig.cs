using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Quantized;

/// <summary>What the files beside the weights say of how these are quantised: config.json, or a file of the quantiser's own.</summary>
/// <param name="Json">The fields.</param>
/// <param name="Method">Name of the method; null where nobody says one.</param>
/// <param name="Path">Where it stands.</param>
internal sealed record QuantizationConfig(JsonObject Json, string? Method, string Path)
{
    /// <summary>Files that quantisers write beside config.json: AutoGPTQ, AutoAWQ, ModelOpt.</summary>
    private static readonly (string File, string Method)[] s_ownFiles =
        [("quantize_config.json", "gptq"), ("quant_config.json", "awq"), ("hf_quant_config.json", "modelopt")];

    private const string PackingField = "packing_format", AutoRoundPacking = "auto_round";

    /// <exception cref="LoraMergeException">LORA2008: a file is no JSON.</exception>
    public static QuantizationConfig Of(Checkpoint checkpoint)
    {
        if (checkpoint.Config.Quantization is JsonObject json)
            return new QuantizationConfig(json, MethodOf(json, checkpoint.Config.QuantizationMethod), checkpoint.Config.File!);
        foreach ((string file, string method) in s_ownFiles)
        {
            if (checkpoint.Files.Find(file) is not InputFile found)
                continue;
            try
            {
                JsonObject own = JsonFile.Read(found.FullPath, JsonFile.LongestConfig);
                own = own["quantization"] as JsonObject ?? own; // ModelOpt's lies below its producer
                return new QuantizationConfig(own, MethodOf(own, TextOf(own, "quant_method")) ?? method, found.FullPath);
            }
            catch (JsonException e)
            {
                throw Errors.ConfigInvalid(found.FullPath, e.Message);
            }
        }
        return new QuantizationConfig([], null, checkpoint.Config.File ?? checkpoint.Path);
    }

    /// <summary>Whether GPTQ's zero points are stored as they are, and not less 1: its second version, and two of AutoRound's packings.</summary>
    public bool HasWholeZeroPoints =>
        (Text("checkpoint_format") ?? Text("format")) == "gptq_v2" || Text(PackingField) is AutoRoundPacking or "auto_round:gptqmodel";

    public string? Text(string name) => TextOf(Json, name);

    public int? Number(string name) => NumberOf(Json, name);

    public bool IsTrue(string name) => Json[name] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    public static string? TextOf(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>A whole number; some writers put it in quotes.</summary>
    public static int? NumberOf(JsonObject json, string name) => json[name] is not JsonValue value ? null
        : value.TryGetValue(out int number) ? number
        : value.TryGetValue(out string? text) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) ? number
        : null;

    /// <summary>How many inputs a group has, where groups follow one another.</summary>
    /// <param name="size">What is said for all modules.</param>
    /// <param name="inputs">Inputs of the module.</param>
    /// <param name="groups">Its groups; gptqmodel's <c>dynamic</c> and AutoRound's <c>extra_config</c> may give a module others than most have.</param>
    public long GroupLength(int? size, long inputs, long groups)
    {
        long even = Math.Max((inputs + groups - 1) / Math.Max(groups, 1), 1);
        return size is int length and > 0 && ((inputs + length - 1) / length == groups || !HasSettingsOfModules) ? length : even;
    }

    private bool HasSettingsOfModules => Json["dynamic"] is JsonObject { Count: > 0 } || Json["extra_config"] is JsonObject { Count: > 0 };

    /// <summary>Two sides of a block: <c>[128, 128]</c> or, as compressed-tensors once wrote it, <c>"128x128"</c>; null where the field is none.</summary>
    public static (long Rows, long Columns)? BlockOf(JsonObject json, string name)
    {
        if (json[name] is JsonArray { Count: 2 } sides && sides.All(side => side is JsonValue value && value.TryGetValue(out int _)))
            return ((int)sides[0]!, (int)sides[1]!);
        return TextOf(json, name)?.Split('x') is [var rows, var columns] && int.TryParse(rows, NumberStyles.None, CultureInfo.InvariantCulture, out int height)
            && int.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out int width) ? (height, width) : null;
    }

    /// <summary>Some name the numbers with the method, as modelopt_fp4; AutoRound packs weights as GPTQ or AWQ does, and says which.</summary>
    /// <remarks>Source: AutoRound, <c>export/export_to_autoround/export.py</c>, and <c>inference/backend.py</c> for what each packing means.</remarks>
    private static string? MethodOf(JsonObject json, string? method) => method switch
    {
        "auto-round" when IsPackedByWeightAlone(json) => TextOf(json, PackingField) switch
        {
            "auto_round:auto_gptq" or AutoRoundPacking or "auto_round:gptqmodel" => "gptq",
            "auto_round:auto_awq" => "awq",
            _ => method,
        },
        not null when method.StartsWith("modelopt", StringComparison.Ordinal) => "modelopt",
        _ => method,
    };

    /// <summary>Whole numbers whose activations are left as they are, and that no rotation went before.</summary>
    private static bool IsPackedByWeightAlone(JsonObject json) =>
        (TextOf(json, "data_type") ?? "int") == "int" && (NumberOf(json, "act_bits") ?? 16) >= 16 && json["rotation_config"] is not JsonObject { Count: > 0 };
}
