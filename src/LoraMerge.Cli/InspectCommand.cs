using System.CommandLine;
using LoraMerge.Inspecting;

namespace LoraMerge.Cli;

/// <summary><c>inspect</c>: what an adapter or a model is.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "An adapter folder, a base model, or a merged model." };
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new Command("inspect", "Says what an adapter or a model is.") { path, json };
        command.SetAction(parsed =>
        {
            Inspection inspection = Merger.Inspect(parsed.GetValue(path)!);
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(json) ? InspectionReport.ToJson(inspection) : InspectionReport.ToText(inspection));
            return 0;
        });
        return command;
    }
}
