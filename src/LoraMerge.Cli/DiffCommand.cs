using System.CommandLine;
using LoraMerge.Comparing;

namespace LoraMerge.Cli;

/// <summary><c>diff</c>: what differs between two models?</summary>
internal static class DiffCommand
{
    private const int Differs = 1;

    public static Command Create()
    {
        var first = new Argument<string>("first") { Description = "A model folder or weight file." };
        var second = new Argument<string>("second") { Description = "The one to compare it with." };
        var json = new Option<bool>("--json") { Description = "As JSON." };
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
                ModelDiff diff = await Merger.DiffAsync(one, other, cancellation);
                parsed.InvocationConfiguration.Output.Write(
                    parsed.GetValue(json) ? DiffReport.ToJson(diff) : DiffReport.ToText(diff, one, other, parsed.GetValue(all))
                );
                return diff.IsEmpty ? 0 : Differs;
            }
        );
        return command;
    }
}
