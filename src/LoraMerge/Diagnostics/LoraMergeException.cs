using System.Collections.Immutable;

namespace LoraMerge.Diagnostics;

/// <summary>A fault of the user, made by <see cref="Errors"/>. Anything else that is thrown is a fault of ours.</summary>
public sealed class LoraMergeException : Exception
{
    internal LoraMergeException(DiagnosticCode code, string message, string? file = null, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        File = file;
    }

    /// <summary>What kind of fault; printed as <c>LORA</c> and the number.</summary>
    public DiagnosticCode Code { get; }

    /// <summary>The input that the fault lies in, as the user wrote it; null where there is none.</summary>
    public string? File { get; }

    /// <summary>What else is wrong, where several faults were found at once.</summary>
    public ImmutableArray<LoraMergeException> Others { get; internal init; } = [];
}
