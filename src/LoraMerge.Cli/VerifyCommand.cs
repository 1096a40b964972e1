using System.CommandLine;
using System.Globalization;

namespace LoraMerge.Cli;

/// <summary><c>verify</c>: does this merged model hold these adapters?</summary>
internal static class VerifyCommand
{
    private const int Differs = 1;

    public static Command Create()
    {
        var options = new MergeOptions();
        var model = new Argument<string>("model") { Description = "Folder of the merged model." };
        var command = new Command("verify", "Computes a merged model again and compares it bit by bit.") { model };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            var merger = new Merger(new ConsoleEvents(TextWriter.Null, parsed.InvocationConfiguration.Error).Report);
            ModelComparison comparison = await merger.VerifyAsync(options.Read(parsed), parsed.GetValue(model)!, cancellation);
            foreach (TensorDifference difference in comparison.Differences)
                output.WriteLine(difference.Describe());
            foreach (FileDiff file in comparison.Files)
                output.WriteLine($"{file.RelativePath}: {(file.Kind == DiffKind.OnlyInFirst ? "missing" : "not what the merge writes")}");
            output.WriteLine(comparison.IsEqual
                ? string.Create(CultureInfo.InvariantCulture, $"equal: all {comparison.TensorCount} tensors, bit by bit, and the files beside them")
                : string.Create(CultureInfo.InvariantCulture, $"different: {comparison.Differences.Length} of {comparison.TensorCount} tensors{(comparison.Files.IsEmpty ? "" : $", {comparison.Files.Length} other {(comparison.Files.Length == 1 ? "file" : "files")}")}"));
            return comparison.IsEqual ? 0 : Differs;
        });
        return command;
    }
}
