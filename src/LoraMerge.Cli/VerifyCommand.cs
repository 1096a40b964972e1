using System.CommandLine;
using LoraMerge.Cli.Terminal;
using LoraMerge.Comparing;
using LoraMerge.Requests;

namespace LoraMerge.Cli;

/// <summary><c>verify</c>: does this merged model hold these adapters?</summary>
internal static class VerifyCommand
{
    private const int Differs = 1;

    public static Command Create()
    {
        var options = new MergeOptions();
        var model = new Argument<string>("model") { Description = "Folder of the merged model." };
        Option<bool> all = ShortList.All(), json = JsonText.Option();
        var command = new Command("verify", "Computes a merged model again and compares it bit by bit. Exit code 1 where it differs.") { model, all, json };
        options.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                TextWriter error = parsed.InvocationConfiguration.Error;
                var merger = new Merger(new ConsoleEvents(TextWriter.Null, error).Report);
                MergeRequest request = await options.ReadAsync(parsed, new HubEvents(error, error), cancellation);
                ModelComparison comparison = await merger.VerifyAsync(request, parsed.GetValue(model)!, cancellation);
                if (parsed.GetValue(json))
                    await parsed.InvocationConfiguration.Output.WriteAsync(ComparisonReport.ToJson(comparison));
                else
                    DifferenceView.Print(parsed, ComparisonReport.ToLines(comparison, parsed.GetValue(all)), comparison.IsEqual);
                return comparison.IsEqual ? 0 : Differs;
            }
        );
        return command;
    }
}
