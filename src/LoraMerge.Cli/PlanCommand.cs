using System.CommandLine;
using LoraMerge.Cli.Terminal;
using LoraMerge.Requests;

namespace LoraMerge.Cli;

/// <summary><c>plan</c>: what a merge would do, without doing it. Reads headers only, but for the key.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var options = new MergeOptions();
        var json = new Option<bool>("--json") { Description = "As JSON, with the key of the merged model, for which all files are read." };
        var command = new Command("plan", "Shows which tensor gets what, and what the merge costs; merges nothing.") { json };
        options.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                TextWriter error = parsed.InvocationConfiguration.Error;
                MergeRequest request = await options.ReadAsync(parsed, new HubEvents(error, error), cancellation);
                PlannedMerge planned = new Merger(new ConsoleEvents(TextWriter.Null, error).Report).Plan(request);
                if (!parsed.GetValue(json) && Screen.Of(parsed) is { } screen)
                {
                    PlanView.Show(screen, planned);
                    return 0;
                }
                var report = new PlanReport(planned);
                await parsed.InvocationConfiguration.Output.WriteAsync(
                    parsed.GetValue(json) ? report.ToJson(Merger.KeyOf(request, cancellation)) : report.ToText()
                );
                return 0;
            }
        );
        return command;
    }
}
