namespace LoraMerge.Diagnostics;

/// <summary>What a merge says while it runs.</summary>
public abstract record MergeEvent
{
    private MergeEvent() { }

    /// <summary>A line worth reading once: start, end, device.</summary>
    public sealed record Information(string Text) : MergeEvent;

    /// <summary>Something that the user should know or change, but that did not stop the merge.</summary>
    public sealed record Warning(DiagnosticCode Code, string Text, string? File) : MergeEvent;

    /// <summary>How far a merge has come, in bytes of the result.</summary>
    public sealed record Progress(long BytesWritten, long BytesTotal) : MergeEvent;
}
