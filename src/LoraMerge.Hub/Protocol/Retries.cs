using System.Globalization;
using LoraMerge.Hub.Faults;

namespace LoraMerge.Hub.Protocol;

/// <summary>Tries again what may pass, a little later each time, and as late as the hub asks.</summary>
/// <remarks>
/// A loop of our own: libraries for retries count the tries of a call, and here the count has to start anew whenever a download has come further.
/// </remarks>
internal sealed class Retries(HubTiming timing, Action<HubEvent> report)
{
    /// <param name="attempt">Throws <see cref="PassingFaultException"/> for what may pass.</param>
    /// <param name="progress">What rises when an attempt has achieved something before it failed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HubException">It does not pass.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, Func<long> progress, CancellationToken cancellation)
    {
        int failures = 0;
        long best = progress();
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (PassingFaultException passing)
            {
                if (progress() > best)
                    (best, failures) = (progress(), 0);
                if (failures == timing.Delays.Length || passing.Wait > timing.LongestWait)
                    throw passing.Fault;
                TimeSpan wait = passing.Wait ?? timing.Delays[failures];
                failures++;
                if (wait > TimeSpan.Zero)
                    report(new HubEvent.Information(string.Create(CultureInfo.InvariantCulture, $"  {passing.What}: trying again in {wait.TotalSeconds:0} s")));
                await timing.Wait(wait, cancellation);
            }
        }
    }

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}}, Func{long}, CancellationToken)"/>
    public Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation) => RunAsync(attempt, () => 0, cancellation);
}
