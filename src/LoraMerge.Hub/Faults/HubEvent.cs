namespace LoraMerge.Hub.Faults;

/// <summary>What a fetch says while it runs.</summary>
public abstract record HubEvent
{
    private HubEvent()
    {
    }

    /// <summary>A line worth reading once: what will be fetched, a file that has come.</summary>
    /// <param name="Text">The line.</param>
    public sealed record Information(string Text) : HubEvent;

    /// <summary>Something that the user should know, but that did not stop the fetch.</summary>
    /// <param name="Code">Its code.</param>
    /// <param name="Text">What it is, and what to do.</param>
    public sealed record Warning(HubCode Code, string Text) : HubEvent;
}
