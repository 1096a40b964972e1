using System.Diagnostics;
using System.Globalization;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Fetching;

/// <summary>Tells how far a long file has come, now and then.</summary>
internal sealed class FileProgress(HubFile file, TimeSpan interval, Action<HubEvent> report)
{
    private readonly Stopwatch _sinceReport = Stopwatch.StartNew();

    public void Report(long offset)
    {
        if (_sinceReport.Elapsed < interval)
            return;
        _sinceReport.Restart();
        report(new HubEvent.Information(string.Create(
            CultureInfo.InvariantCulture, $"  {file.Path}: {100 * offset / Math.Max(file.ByteLength, 1)} % of {HubErrors.Bytes(file.ByteLength)}")));
    }
}
