using LoraMerge.Diagnostics;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>Shows how far a merge has come in a bar that goes away at its end; what it says stands above.</summary>
internal static class MergeBar
{
    private static readonly Style s_warning = new(Color.Yellow);

    /// <param name="screen">The terminal.</param>
    /// <param name="showsLines">Whether lines of information are shown, too.</param>
    /// <param name="work">Told whom to tell what happens.</param>
    public static Task<T> RunAsync<T>(IAnsiConsole screen, bool showsLines, Func<Action<MergeEvent>, Task<T>> work) => screen.Progress()
        .AutoClear(true)
        .HideCompleted(true)
        .Columns(new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
        .StartAsync(async bars =>
        {
            ProgressTask? bar = null;
            return await work(told =>
            {
                switch (told)
                {
                    case MergeEvent.Information information when showsLines:
                        screen.Line(information.Text);
                        break;
                    case MergeEvent.Warning warning when Console.IsErrorRedirected:
                        Console.Error.WriteLine(CanonicalLine.Of(warning));
                        break;
                    case MergeEvent.Warning warning:
                        screen.Line(CanonicalLine.Of(warning), s_warning);
                        break;
                    case MergeEvent.Progress { BytesTotal: > 0 } progress:
                        bar ??= bars.AddTask("merge", maxValue: progress.BytesTotal);
                        bar.Value = progress.BytesWritten;
                        break;
                }
            });
        });
}
