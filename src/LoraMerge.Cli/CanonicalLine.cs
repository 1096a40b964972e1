using System.Globalization;
using LoraMerge.Diagnostics;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Cli;

/// <summary>Faults in the form that MSBuild and editors recognise: <c>file: error CODE: text</c>.</summary>
internal static class CanonicalLine
{
    private const int LongestStart = 3000;
    private const int LongestEnd = 1000;

    public static string Of(LoraMergeException fault) => Of(fault.File, "error", (int)fault.Code, fault.Message);

    /// <param name="fault">The fault.</param>
    /// <param name="origin">The address or the file that it speaks of; null where nobody looks for it.</param>
    public static string Of(HubException fault, string? origin = null) => Of(origin, "error", (int)fault.Code, fault.Message);

    /// <inheritdoc cref="Of(HubException, string?)"/>
    public static string Of(HubEvent.Warning warning, string? origin = null) => Of(origin, "warning", (int)warning.Code, warning.Text);

    public static string CodeOf(HubException fault) => TextOf((int)fault.Code);

    public static string CodeOf(LoraMergeException fault) => TextOf((int)fault.Code);

    public static string Of(MergeEvent.Warning warning) => Of(warning.File, "warning", (int)warning.Code, warning.Text);

    private static string Of(string? file, string severity, int code, string text) =>
        VisibleText.Of($"{Origin(file)}: {severity} {TextOf(code)}: {Shortened(text)}");

    private static string TextOf(int code) => string.Create(CultureInfo.InvariantCulture, $"LORA{code:D4}");

    /// <summary>Texts of a file may have megabytes; what is wrong stands at the beginning, what to do at the end.</summary>
    private static string Shortened(string text) => text.Length <= LongestStart + LongestEnd ? text : $"{text[..LongestStart]} [...] {text[^LongestEnd..]}";

    /// <summary>The full path, or the address; a path that none can be made of stands in the text only.</summary>
    private static string Origin(string? file) =>
        string.IsNullOrWhiteSpace(file) || file.Contains('\0', StringComparison.Ordinal) ? "lora-merge"
            : HubAddress.IsAddress(file) ? file
            : Path.GetFullPath(file);
}
