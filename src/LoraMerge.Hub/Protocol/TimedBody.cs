namespace LoraMerge.Hub.Protocol;

/// <summary>Reads a body that may fall silent: .NET would wait without end.</summary>
internal sealed class TimedBody(Stream body, TimeSpan silence, Uri uri, string what) : IAsyncDisposable
{
    /// <returns>How many bytes; 0 at the end.</returns>
    /// <exception cref="PassingFaultException">Silence, or the connection broke.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeLimit.CancelAfter(silence);
        try
        {
            return await body.ReadAsync(buffer, timeLimit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw HubRequests.NotReached(uri, what, null);
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException or HttpRequestException)
        {
            throw HubRequests.NotReached(uri, what, fault);
        }
    }

    public ValueTask DisposeAsync() => body.DisposeAsync();
}
