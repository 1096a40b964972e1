using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LoraMerge.Cli.Terminal;
using LoraMerge.Diagnostics;
using Spectre.Console;

namespace LoraMerge.Cli;

/// <summary>Prints what a merge says: lines to standard output, warnings to standard error, progress only while a merge is long.</summary>
internal sealed class ConsoleEvents(TextWriter output, TextWriter error)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _sinceProgress = Stopwatch.StartNew();

    /// <summary>Runs something that tells what happens: in a terminal with a bar, else in lines.</summary>
    /// <param name="parsed">The command.</param>
    /// <param name="showsLines">Whether lines of information are printed; warnings always are.</param>
    /// <param name="screen">The terminal; null for lines.</param>
    /// <param name="work">Told whom to tell.</param>
    public static async Task<T> RunAsync<T>(ParseResult parsed, bool showsLines, IAnsiConsole? screen, Func<Action<MergeEvent>, Task<T>> work)
    {
        // The library listens for Ctrl+C only when a command has given its thread back: before that the process would die of it, in the middle of its files.
        await Task.Yield();
        InvocationConfiguration to = parsed.InvocationConfiguration;
        return screen is not null
            ? await MergeBar.RunAsync(screen, showsLines, work)
            : await work(new ConsoleEvents(showsLines ? to.Output : TextWriter.Null, to.Error).Report);
    }

    public void Report(MergeEvent happened)
    {
        switch (happened)
        {
            case MergeEvent.Information information:
                output.WriteLine(VisibleText.Of(information.Text));
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
