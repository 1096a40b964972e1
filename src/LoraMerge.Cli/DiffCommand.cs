using System.CommandLine;
using LoraMerge.Cli.Terminal;
using LoraMerge.Comparing;
using LoraMerge.Hub.Fetching;

namespace LoraMerge.Cli;

/// <summary><c>diff</c>: what differs between two models?</summary>
internal static class DiffCommand
{
    private const int Differs = 1;

    public static Command Create()
    {
        var first = new Argument<string>("first") { Description = "A model folder or weight file, or an address hf://NAMESPACE/NAME[@REVISION]." };
        var second = new Argument<string>("second") { Description = "The one to compare it with." };
        Option<bool> json = JsonText.Option();
        Option<bool> all = ShortList.All();
        var command = new Command("diff", "Says in which tensors and files two models differ, and by how much. Exit code 1 where they do.")
        {
            first,
            second,
            all,
            json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                string one = parsed.GetValue(first)!,
                    other = parsed.GetValue(second)!;
                TextWriter error = parsed.InvocationConfiguration.Error;
                IReadOnlyList<InputLocation> found = await InputLocation.FindAsync(
                    [(one, HubRole.Base), (other, HubRole.Base)], new HubEvents(error, error), cancellation);
                ModelDiff diff = await Merger.DiffAsync(found[0].Path, found[0].Fetched, found[1].Path, found[1].Fetched, cancellation);
                if (parsed.GetValue(json))
                    await parsed.InvocationConfiguration.Output.WriteAsync(DiffReport.ToJson(diff));
                else
                    DifferenceView.Print(parsed, DiffReport.ToLines(diff, one, other, parsed.GetValue(all)), diff.IsEmpty);
                return diff.IsEmpty ? 0 : Differs;
            }
        );
        return command;
    }
}
