using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Fetching;

/// <summary>Fetches what a merge needs of a repository into the cache, or finds it there.</summary>
public sealed class HubFetcher : IDisposable
{
    private readonly HubEnvironment _environment;
    private readonly Action<HubEvent> _report;

    /// <param name="environment">Hub, cache and token.</param>
    /// <param name="version">Version of LoraMerge.Build, for the hub's logs.</param>
    /// <param name="report">Told what happens; called by one thread at a time.</param>
    public HubFetcher(HubEnvironment environment, string version, Action<HubEvent>? report = null)
    {
        _environment = environment;
        _report = report ?? (_ => { });
    }

    /// <summary>With pins, no request is made where the cache has all that they name.</summary>
    /// <param name="address">What is wanted.</param>
    /// <param name="role">As what.</param>
    /// <param name="pins">What a lock file says of it; null to ask the hub.</param>
    /// <param name="cancellation">Keeps what has come.</param>
    /// <exception cref="HubException">LORA7003 to LORA7043.</exception>
    public Task<FetchedRepository> FetchAsync(HubAddress address, HubRole role, HubPins? pins, CancellationToken cancellation) =>
        throw new NotSupportedException("WIP");

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
