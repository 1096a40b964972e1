using System.Diagnostics;
using System.Globalization;
using LoraMerge.Diagnostics;

namespace LoraMerge.Cli;

/// <summary>Prints what a merge says: lines to standard output, warnings to standard error, progress only while a merge is long.</summary>
internal sealed class ConsoleEvents(TextWriter output, TextWriter error)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _sinceProgress = Stopwatch.StartNew();

    public void Report(MergeEvent happened)
    {
        switch (happened)
        {
            case MergeEvent.Information information:
                output.WriteLine(information.Text);
                break;
            case MergeEvent.Warning warning:
                error.WriteLine(CanonicalLine.Of(warning));
                break;
            case MergeEvent.Progress progress when _sinceProgress.Elapsed >= ProgressInterval:
                _sinceProgress.Restart();
                output.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"  {100 * progress.BytesWritten / Math.Max(progress.BytesTotal, 1)} % of {progress.BytesTotal / 1e9:0.0} GB"
                    )
                );
                break;
        }
    }
}
