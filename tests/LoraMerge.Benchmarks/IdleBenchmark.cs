using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace LoraMerge.Benchmarks;

/// <summary><c>idle</c>: what a merge costs when the store of a build holds the model already.</summary>
internal static class IdleBenchmark
{
    public static Command CreateCommand()
    {
        var model = new ModelOptions();
        var runs = new Option<int>("--runs") { Description = "Counted runs.", DefaultValueFactory = _ => 50, HelpName = "N" };
        var command = new Command("idle", "Measures a merge that has nothing to do.") { runs };
        model.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string folder = Directory.CreateTempSubdirectory("lora-merge-benchmark-").FullName;
            try
            {
                await RunAsync(model.Generate(parsed, folder), parsed.GetValue(runs), cancellation);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static async Task RunAsync(RandomModel model, int runs, CancellationToken cancellation)
    {
        var request = new MergeRequest(model.BaseFolder, [new AdapterRequest(model.AdapterFolder)]) { Device = "cpu" };
        var store = new StoreRequest(Path.Combine(model.Folder, "store"), Path.Combine(model.Folder, "merged.state"), NewerThan: null);
        await new Merger().MergeIntoStoreAsync(request, store, cancellation);
        // Inputs that are younger than their state's time are not trusted by their time alone.
        await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
        await new Merger().MergeIntoStoreAsync(request, store, cancellation);

        var milliseconds = new List<double>();
        for (int run = 0; run < runs; run++)
        {
            long start = Stopwatch.GetTimestamp();
            await new Merger().MergeIntoStoreAsync(request, store, cancellation);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Nothing to do, {model.Shape.ByteLength:N0} bytes: {Medians.Of(milliseconds):0.0} ms in process (median of {runs}; {milliseconds.Min():0.0} to {milliseconds.Max():0.0})"));
    }
}
