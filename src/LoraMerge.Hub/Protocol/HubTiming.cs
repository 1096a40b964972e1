namespace LoraMerge.Hub.Protocol;

/// <summary>How long is waited before a request is made again.</summary>
internal sealed record HubTiming
{
    /// <summary>One for each further try, as huggingface_hub waits.</summary>
    public TimeSpan[] Delays { get; init; } = [.. ((int[])[1, 2, 4, 8, 8]).Select(seconds => TimeSpan.FromSeconds(seconds))];

    /// <summary>A hub that asks for more is told of instead: its windows have five minutes.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Waits.</summary>
    public Func<TimeSpan, CancellationToken, Task> Wait { get; init; } = Task.Delay;

    /// <summary>How often another process's lock is tried.</summary>
    public TimeSpan LockInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How far a long file has come is told as often.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(15);
}
