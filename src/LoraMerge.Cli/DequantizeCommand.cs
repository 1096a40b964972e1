using System.CommandLine;
using LoraMerge.Agreed.Options;
using LoraMerge.Cli.Terminal;
using LoraMerge.Hub.Fetching;
using LoraMerge.Reports;
using LoraMerge.Requests;
using LoraMerge.Writing;

namespace LoraMerge.Cli;

/// <summary><c>dequantize</c>: a plain model of a quantised one, without an adapter.</summary>
internal static class DequantizeCommand
{
    private static readonly MergeOption[] s_options =
        [OptionTable.DType, OptionTable.MaxShardSize, OptionTable.Verify, OptionTable.Threads, OptionTable.MaxMemory];

    public static Command Create()
    {
        var from = new Option<string>("--base")
        {
            Description = "Folder or weight file of the quantised model, or hf://NAMESPACE/NAME[@REVISION] at the Hugging Face hub.",
            Required = true,
            HelpName = "DIR",
        };
        var into = new Option<string>("--output")
        {
            Description = "Folder for the plain model: new, empty, or an earlier result.",
            HelpName = "DIR",
            Required = true,
        };
        Option<bool> json = JsonText.Option();
        var runtime = new Option<string?>("--runtime") { Description = "Folder of libtorch for this platform.", HelpName = "DIR", Hidden = true };
        Dictionary<MergeOption, Option<string?>> options = s_options.ToDictionary(option => option, MergeOptions.Single);
        var command = new Command("dequantize", "Makes a plain model of a quantised one.");
        foreach (Option option in (Option[])[from, into, .. options.Values, json, runtime])
            command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            bool asJson = parsed.GetValue(json);
            TextWriter output = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            var fetching = new HubEvents(asJson ? error : output, error);
            InputLocation there = (await InputLocation.FindAsync([(parsed.GetValue(from)!, HubRole.Base)], fetching, cancellation))[0];
            MergeRequest request = RequestWords.Apply(
                new MergeRequest(there.Path, []) { FetchedBase = there.Fetched, NativesFolder = parsed.GetValue(runtime), Device = "cpu" },
                MergeOptions.Values(parsed, options));
            List<ReportedWarning> warnings = [];
            MergeResult result = await ConsoleEvents.RunAsync(parsed, showsLines: !asJson, asJson ? null : Screen.Of(parsed), tell =>
                new Merger(ReportedWarning.Keeping(tell, warnings)).DequantizeAsync(request, parsed.GetValue(into)!, cancellation));
            if (asJson)
                await output.WriteAsync(MergeCommand.ToJson(result, page: null, warnings));
            return 0;
        });
        return command;
    }
}
