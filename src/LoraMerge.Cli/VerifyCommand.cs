using System.CommandLine;
using System.Globalization;
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
        Option<bool> all = ShortList.All();
        var command = new Command("verify", "Computes a merged model again and compares it bit by bit. Exit code 1 where it differs.") { model, all };
        options.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                TextWriter output = parsed.InvocationConfiguration.Output;
                TextWriter error = parsed.InvocationConfiguration.Error;
                var merger = new Merger(new ConsoleEvents(TextWriter.Null, error).Report);
                MergeRequest request = await options.ReadAsync(parsed, new HubEvents(error, error), cancellation);
                ModelComparison comparison = await merger.VerifyAsync(request, parsed.GetValue(model)!, cancellation);
                string[] tensors =
                [
                    .. comparison
                        .Differences.OrderByDescending(difference => difference.Reason is not null)
                        .ThenByDescending(difference => difference.LargestUlps)
                        .Select(difference => difference.Describe()),
                ];
                foreach (string line in ShortList.Of(tensors, parsed.GetValue(all)))
                    output.WriteLine(line);
                foreach (FileDiff file in comparison.Files)
                    output.WriteLine($"{file.RelativePath}: {(file.Kind == DiffKind.OnlyInFirst ? "missing" : "not what the merge writes")}");
                if (comparison.Differences.Any(difference => difference.LargestUlps > 0))
                    output.WriteLine(ShortList.MeaningOfUlp);
                foreach (string difference in comparison.Metadata)
                    output.WriteLine(difference);
                foreach (string difference in comparison.Manifest)
                    output.WriteLine($"lora-merge.json: {difference}");
                output.WriteLine(
                    comparison.IsEqual
                        ? string.Create(CultureInfo.InvariantCulture, $"equal: all {comparison.TensorCount} tensors, bit by bit, and the files beside them")
                        : string.Create(
                            CultureInfo.InvariantCulture,
                            $"different: {comparison.Differences.Length} of {comparison.TensorCount} tensors{OtherFiles(comparison)}"
                        )
                );
                return comparison.IsEqual ? 0 : Differs;
            }
        );
        return command;
    }

    private static string OtherFiles(ModelComparison comparison)
    {
        int count = comparison.Files.Length + (comparison.Manifest.IsEmpty ? 0 : 1);
        return count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {count} other {(count == 1 ? "file" : "files")}");
    }
}
