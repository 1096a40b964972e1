using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Gguf.Faults;

/// <summary>
/// A model that cannot be written as GGUF, made by <see cref="LayoutErrors"/>. The message is complete: what, where, expected and found, what to do.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "A fault without its kind helps nobody.")]
internal sealed class GgufLayoutException(LayoutFault fault, string message, string? file = null, Exception? inner = null) : Exception(message, inner)
{
    public LayoutFault Fault { get; } = fault;

    /// <summary>The file of the model that the fault lies in, by its name in the folder; null where there is none.</summary>
    public string? File { get; } = file;
}
