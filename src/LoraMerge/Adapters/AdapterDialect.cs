using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Whose adapter_config.json a file is: several libraries use the name.</summary>
internal enum AdapterDialect
{
    /// <summary>Hugging Face PEFT.</summary>
    Peft,

    /// <summary>Apple's mlx_lm.</summary>
    Mlx,
}

/// <summary>Tells the dialects apart by the fields that only one of them has.</summary>
internal static class AdapterDialects
{
    /// <summary>Libraries that are recognised and refused, by fields that their configurations have.</summary>
    private static readonly (string Library, Func<ConfigFields, bool> IsTheirs)[] Others =
    [
        ("AdapterHub (adapter-transformers): layers added to the model, not changes of its weights", fields => fields.Json["config"] is JsonObject or JsonValue && fields.Has("model_type") && fields.Has("model_name")),
        ("LyCORIS", fields => fields.Has("algo") || fields.Json["network_args"] is JsonObject || fields.Json["network_module"]?.ToString().StartsWith("lycoris", StringComparison.Ordinal) == true),
        ("kohya's sd-scripts", fields => fields.Has("network_module") || fields.Has("network_dim")),
        ("diffusers", fields => fields.Has("_diffusers_version")),
    ];

    /// <exception cref="LoraMergeException">LORA3017: nobody's. LORA3030: of another library.</exception>
    public static AdapterDialect Of(ConfigFields fields)
    {
        if (fields.Json["peft_type"] is not null)
            return AdapterDialect.Peft;
        if (fields.Has("fine_tune_type") || fields.Json["lora_parameters"] is JsonObject || fields.Has("lora_layers"))
            return AdapterDialect.Mlx;
        foreach ((string library, Func<ConfigFields, bool> isTheirs) in Others)
        {
            if (isTheirs(fields))
                throw Errors.AdapterOfOtherLibrary(fields.File, library);
        }
        throw Errors.AdapterKindMissing(fields.File, fields.Names);
    }

    /// <summary>The releases that may have written a configuration, by its fields.</summary>
    public static AdapterOrigin Date(AdapterDialect dialect, ConfigFields fields) =>
        dialect == AdapterDialect.Mlx ? MlxConfig.Date(fields) : PeftHistory.Date(fields, fields.Text("peft_type")!);
}
