using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Formats.Gguf;
using LoraMerge.Formats.GgufAdapter;
using LoraMerge.Formats.Safetensors;
using LoraMerge.Requests;

namespace LoraMerge.Formats;

/// <summary>All formats.</summary>
internal static class ModelFormats
{
    /// <summary>The one that is written where nothing else is asked for.</summary>
    public const string Default = "safetensors";

    private const string AutoQuantization = "auto";

    public static ImmutableArray<ModelFormat> All { get; } = [new SafetensorsFormat(), new GgufFormat(), new GgufAdapterFormat()];

    private static string AllNames { get; } = string.Join(", ", All.Select(format => format.Name));

    /// <summary>The format that is asked for.</summary>
    /// <exception cref="LoraMergeException">LORA1101, LORA2074, LORA5040: there is none, or it has no such types.</exception>
    public static ModelFormat Of(MergeRequest request)
    {
        ModelFormat format = All.FirstOrDefault(format => format.Name == request.Format)
            ?? throw Errors.ArgumentInvalid("The format", request.Format, $"one of {AllNames}");
        bool isAuto = request.Quantization == AutoQuantization;
        if (!isAuto && format.Quantizations.Count == 0)
            throw Errors.OptionNotOfFormat("Quantization", request.Quantization, format.Name, "Ask for Format=\"gguf\" (--format gguf), or leave it out.");
        if (!isAuto && !format.Quantizations.Contains(request.Quantization))
            throw Errors.QuantizationUnknown(request.Quantization, format.Quantizations);
        if (request.DType.Forced is not null && !format.HasDTypes)
            throw Errors.OptionNotOfFormat("DType", request.DType.ToString(), format.Name, format.InsteadOfDType);
        if (request.MaxShardSize is ByteSize size && !format.MaySplit)
            throw Errors.OptionNotOfFormat("MaxShardSize", size.Text, format.Name, "It is one file. Leave the size out.");
        if (request.KeepsQuantization && format.Name != Default)
            throw Errors.OptionNotOfFormat("Requantize", "keep", format.Name, "It has types of its own: ask for a Quantization. Leave it out.");
        if (request.WritesModelfile && !format.HasModelfile)
            throw Errors.OptionNotOfFormat(
                "LoraMergeModelfile",
                "true",
                format.Name,
                "Ollama opens a GGUF model by it: ask for Format=\"gguf\", or leave it out."
            );
        return format;
    }
}
