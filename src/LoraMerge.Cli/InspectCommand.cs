using System.CommandLine;
using LoraMerge.Cli.Terminal;
using LoraMerge.Hub.Fetching;
using LoraMerge.Inspecting;

namespace LoraMerge.Cli;

/// <summary><c>inspect</c>: what an adapter or a model is.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("path")
        {
            Description = "An adapter folder, a base model, or a merged model; or an address hf://NAMESPACE/NAME[@REVISION].",
        };
        Option<bool> json = JsonText.Option();
        var command = new Command("inspect", "Says what an adapter or a model is.") { path, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            InputLocation there = (await InputLocation.FindAsync([(parsed.GetValue(path)!, HubRole.Auto)], new HubEvents(error, error), cancellation))[0];
            Inspection inspection = Merger.Inspect(there.Path, there.Fetched);
            if (!parsed.GetValue(json) && Screen.Of(parsed) is { } screen)
                InspectionView.Show(screen, inspection);
            else
                parsed.InvocationConfiguration.Output.Write(parsed.GetValue(json) ? InspectionReport.ToJson(inspection) : InspectionReport.ToText(inspection));
            return 0;
        });
        return command;
    }
}
