using System.Text.RegularExpressions;

namespace LoraMerge.Checkpoints;

/// <summary>Names of models that are quantised copies of others.</summary>
internal static partial class QuantizedNames
{
    /// <summary>Whether a model's name says that it is a quantised copy.</summary>
    public static bool IsQuantizedName(string name) => QuantizedSuffix.IsMatch(name);

    /// <summary>The name of the model that a quantised copy was made from, as far as its own name tells: without the suffix of the method.</summary>
    public static string? FullPrecisionName(string? name) =>
        name is not null && IsQuantizedName(name) ? QuantizedSuffix.Replace(name, "") : null;

    [GeneratedRegex(
        @"(-unsloth)?-bnb-[48]bit$|-(GPTQ|AWQ|AQLM|HQQ|EXL2|GGUF|FP8|NF4)(-.*)?$|-(int4|int8|4bit|8bit)(-.*)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex QuantizedSuffix { get; }
}
