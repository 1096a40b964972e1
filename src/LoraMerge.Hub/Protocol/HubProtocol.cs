namespace LoraMerge.Hub.Protocol;

/// <summary>Limits of the hub and of its own client.</summary>
internal static class HubProtocol
{
    /// <summary>The hub gives larger files to clients of its own storage only.</summary>
    public const long LargestFile = 50_000_000_000;

    /// <summary>As many as the hub's own client fetches at once.</summary>
    public const int ParallelFiles = 8;
}
