using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace LoraMerge.Safetensors;

/// <summary>A file breaks the rules of the format. The message says which and with what numbers; it does not repeat <see cref="Path"/>.</summary>
[SuppressMessage("Design", "CA1032", Justification = "A fault without its kind and file helps nobody.")]
public sealed class SafetensorsFormatException : Exception
{
    internal SafetensorsFormatException(SafetensorsFault fault, string path, string? tensorName, string message, Exception? inner = null)
        : base(message, inner)
    {
        Fault = fault;
        Path = path;
        TensorName = tensorName;
    }

    /// <summary>Which rule is broken.</summary>
    public SafetensorsFault Fault { get; }

    /// <summary>The file, as it was opened.</summary>
    public string Path { get; }

    /// <summary>The tensor whose entry is at fault, as in the header; null when the file as a whole is.</summary>
    public string? TensorName { get; }

    /// <summary>A name for use in a message: on one line and not too long, whatever the file says.</summary>
    internal static string Quote(string name)
    {
        const int longest = 200;
        var text = new StringBuilder("'");
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, longest)))
            text.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? '\ufffd' : c);
        return text.Append(name.Length > longest ? "...'" : "'").ToString();
    }
}
