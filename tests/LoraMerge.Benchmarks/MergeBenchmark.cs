using System.CommandLine;
using System.Globalization;

namespace LoraMerge.Benchmarks;

/// <summary><c>merge</c>: a whole merge, from a shell, against a plain copy of the same bytes, both until the bytes are on the disk.</summary>
internal static class MergeBenchmark
{
    public static Command CreateCommand()
    {
        var model = new ModelOptions();
        var runs = new Option<int>("--runs")
        {
            Description = "Counted runs of each; one more comes first and is not counted.",
            DefaultValueFactory = _ => 5,
            HelpName = "N",
        };
        var folder = new Option<string?>("--folder")
        {
            Description = "Where the files are made and removed again (default: the system's folder for temporary files).",
            HelpName = "DIR",
        };
        var cold = new Option<bool>("--cold") { Description = "Read the inputs from the disk each time, not from the system's cache of files (Linux)." };
        var command = new Command("merge", "Compares a merge with cp and sync of the same bytes.") { runs, folder, cold };
        var more = new Argument<string[]>("arguments") { Description = "After --: more arguments for lora-merge.", Arity = ArgumentArity.ZeroOrMore };
        model.AddTo(command);
        command.Add(more);
        command.SetAction(parsed =>
        {
            string parent = parsed.GetValue(folder) ?? Path.GetTempPath();
            string work = Path.Combine(parent, $"lora-merge-benchmark-{Environment.ProcessId}");
            try
            {
                Run(model.Generate(parsed, work), parsed.GetValue(runs), parsed.GetValue(cold), parsed.GetValue(more)!);
            }
            finally
            {
                if (Directory.Exists(work))
                    Directory.Delete(work, recursive: true);
            }
        });
        return command;
    }

    private static void Run(RandomModel model, int runs, bool isCold, string[] more)
    {
        LlamaShape shape = model.Shape;
        int processors = Environment.ProcessorCount;
        string place = isCold ? "on the disk" : "in the cache of files";
        Print(
            $"{shape.Layers} blocks of width {shape.Hidden}, {shape.ByteLength:N0} bytes of {shape.DType}; {processors} processors; inputs {place}"
        );
        Print($"| run | cp + sync (s) | merge (s) | ratio | merge: processor time (s) | merge: peak memory (MB) |");
        Print($"| --- | ---: | ---: | ---: | ---: | ---: |");
        List<(ProcessRun Copy, ProcessRun Merge)> pairs = [];
        for (int run = 0; run <= runs; run++)
        {
            if (isCold)
                DropFromCache(model);
            ProcessRun copy = Copy(model);
            if (isCold)
                DropFromCache(model);
            ProcessRun merge = Merge(model, more);
            if (run == 0)
                continue; // brings the inputs into the cache of files
            pairs.Add((copy, merge));
            PrintRow(
                run.ToString(CultureInfo.InvariantCulture),
                copy.Seconds,
                merge.Seconds,
                merge.Seconds / copy.Seconds,
                merge.ProcessorSeconds,
                merge.PeakBytes
            );
        }
        PrintRow("median", Median(pair => pair.Copy.Seconds), Median(pair => pair.Merge.Seconds), Median(pair => pair.Merge.Seconds / pair.Copy.Seconds),
            Median(pair => pair.Merge.ProcessorSeconds), Median(pair => pair.Merge.PeakBytes));

        double Median(Func<(ProcessRun Copy, ProcessRun Merge), double> figure) => Medians.Of(pairs.Select(figure));
    }

    private static ProcessRun Merge(RandomModel model, string[] more)
    {
        string output = Path.Combine(model.Folder, "merged");
        ProcessRun run = ProcessRun.Of("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "lora-merge.dll"), "merge",
            "--base", model.BaseFolder, "--adapter", model.AdapterFolder, "--output", output, "--device", "cpu", .. more]);
        Directory.Delete(output, recursive: true);
        return run;
    }

    /// <summary><c>sync</c> with files flushes these, as the merge does, and not what other processes wrote.</summary>
    private static ProcessRun Copy(RandomModel model)
    {
        string output = Path.Combine(model.Folder, "copy");
        ProcessRun run = ProcessRun.Of("sh", "-c", "cp -r \"$0\" \"$1\" && sync \"$1\"/*", model.BaseFolder, output);
        Directory.Delete(output, recursive: true);
        return run;
    }

    private static void DropFromCache(RandomModel model)
    {
        foreach (string file in Directory.EnumerateFiles(model.Folder, "*.safetensors", SearchOption.AllDirectories))
            ProcessRun.Of("dd", $"if={file}", "iflag=nocache", "count=0", "status=none");
    }

    private static void PrintRow(string name, double copy, double merge, double ratio, double processor, double peak) =>
        Print($"| {name} | {copy:0.00} | {merge:0.00} | {ratio:0.00} | {processor:0.00} | {peak / 1e6:0} |");

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
