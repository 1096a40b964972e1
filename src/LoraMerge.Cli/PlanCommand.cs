using System.CommandLine;

namespace LoraMerge.Cli;

/// <summary><c>plan</c>: what a merge would do, without doing it. Reads headers only.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var options = new MergeOptions();
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new Command("plan", "Shows which tensor gets what, and what the merge costs; merges nothing.") { json };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var report = new PlanReport(new Merger(new ConsoleEvents(TextWriter.Null, parsed.InvocationConfiguration.Error).Report).Plan(options.Read(parsed)));
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(json) ? report.ToJson() : report.ToText());
            return 0;
        });
        return command;
    }
}
