using System.CommandLine;
using LoraMerge.Agreed.Options;
using LoraMerge.Hub.Fetching;
using LoraMerge.Requests;

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
        var output = new Option<string>("--output")
        {
            Description = "Folder for the plain model: new, empty, or an earlier result.",
            HelpName = "DIR",
            Required = true,
        };
        var runtime = new Option<string?>("--runtime") { Description = "Folder of libtorch for this platform.", HelpName = "DIR", Hidden = true };
        Dictionary<MergeOption, Option<string?>> options = s_options.ToDictionary(option => option, MergeOptions.Single);
        var command = new Command("dequantize", "Makes a plain model of a quantised one.");
        foreach (Option option in (Option[])[from, output, .. options.Values, runtime])
            command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter told = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            var events = new ConsoleEvents(told, error);
            InputLocation there = (await InputLocation.FindAsync([(parsed.GetValue(from)!, HubRole.Base)], new HubEvents(told, error), cancellation))[0];
            var request = new MergeRequest(there.Path, []) { FetchedBase = there.Fetched, NativesFolder = parsed.GetValue(runtime), Device = "cpu" };
            await new Merger(events.Report).DequantizeAsync(
                RequestWords.Apply(request, MergeOptions.Values(parsed, options)), parsed.GetValue(output)!, cancellation);
            return 0;
        });
        return command;
    }
}
