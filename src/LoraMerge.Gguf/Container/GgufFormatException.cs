using System.Diagnostics.CodeAnalysis;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Container;

/// <summary>A file breaks the rules of the format. The message says which and with what numbers; it does not repeat <see cref="Path"/>.</summary>
[SuppressMessage("Design", "CA1032", Justification = "A fault without its kind and file helps nobody.")]
internal sealed class GgufFormatException : Exception
{
    public GgufFormatException(GgufFault fault, string path, string? name, string message, Exception? inner = null)
        : base(message, inner)
    {
        Fault = fault;
        Path = path;
        Name = name;
    }

    /// <summary>Which rule is broken.</summary>
    public GgufFault Fault { get; }

    /// <summary>The file, as it was opened.</summary>
    public string Path { get; }

    /// <summary>The tensor or key at fault; null when the file as a whole is.</summary>
    public string? Name { get; }

    /// <summary>A name for use in a message: on one line and not too long, whatever the file says.</summary>
    public static string Quote(string name) => SafetensorsFormatException.Quote(name);
}
