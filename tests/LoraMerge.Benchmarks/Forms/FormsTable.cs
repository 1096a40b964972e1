using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LoraMerge.Devices;
using LoraMerge.Requests;
using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary><c>forms</c>: the engine's merge of one weight in every form, against the same formula written directly in TorchSharp.</summary>
internal static class FormsTable
{
    private static IEnumerable<Form> All =>
        [.. ProductForms.All, .. DoraForms.All, .. ExpertForms.All, .. WholeForms.All, .. CombinedForms.All, .. ReducedBaseForms.All, .. KindForms.All];

    public static Command CreateCommand()
    {
        var runs = new Option<int>("--runs")
        {
            Description = "Paired runs of each form, at most.",
            DefaultValueFactory = _ => 15,
            HelpName = "N",
        };
        var seconds = new Option<int>("--seconds")
        {
            Description = "Time for each form, after which no further pair is started.",
            DefaultValueFactory = _ => 20,
            HelpName = "S",
        };
        var only = new Option<string>("--only")
        {
            Description = "Only forms whose name contains this.",
            DefaultValueFactory = _ => "",
            HelpName = "TEXT",
        };
        var command = new Command("forms", "Prints a Markdown table of what each form's merge of one weight takes, and the same formula written directly.")
        {
            runs,
            seconds,
            only,
        };
        command.SetAction(parsed =>
        {
            ComputeDevice.Open("cpu", null);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{get_num_threads()} threads; weights of {Form.Side}² elements of bfloat16, rank {Form.Rank}; milliseconds are the best of the pairs, "
                        + $"and so is the ratio; beside it the median of the pairs' ratios"
                )
            );
            Console.WriteLine("| form | ours (ms) | direct (ms) | ratio | median ratio | ours: memory beside the inputs (MB) | pairs |");
            Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
            foreach (Form form in All.Where(form => form.Name.Contains(parsed.GetValue(only)!, StringComparison.OrdinalIgnoreCase)))
                Measure(form, parsed.GetValue(runs), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            CodecTable.Print(parsed.GetValue(only)!, parsed.GetValue(runs));
        });
        return command;
    }

    private static void Measure(Form form, int runs, TimeSpan limit)
    {
        using var folder = new FormFolder(form);
        OpenedInputs inputs = OpenedInputs.Open(folder.Request);
        using var engine = new EngineRun(form, inputs);
        using var workspace = new Workspace(form, inputs);
        var watch = Stopwatch.StartNew();
        // A merge with the fewest buffers, which also warms up.
        long? peak = PeakMemory.Of(() =>
        {
            using EngineRun.Session session = engine.Open(buffers: 2);
            session.Run();
        });
        bool isSlow = watch.Elapsed > TimeSpan.FromSeconds(3);
        watch.Restart();
        List<(double Ours, double Direct)> pairs = [];
        using (EngineRun.Session session = engine.Open(buffers: 2))
        {
            session.Run(keepsResults: true);
            if (!isSlow)
                Direct(form, workspace);
            for (int run = 0; run < runs && (run == 0 || watch.Elapsed < limit); run++)
                pairs.Add((session.Run(), Direct(form, workspace)));
        }
        if (form.IsComparable)
            ThrowIfDifferent(form, engine, workspace);
        // Other work on the machine can only add to a time, so the best is nearest to the truth.
        (double ours, double direct) = (pairs.Min(pair => pair.Ours), pairs.Min(pair => pair.Direct));
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {form.Name} | {ours:0.0} | {direct:0.0} | {ours / direct:0.00} | {Medians.Of(pairs.Select(pair => pair.Ours / pair.Direct)):0.00} | "
                    + $"{peak / 1e6:0} | {pairs.Count} |"
            )
        );
    }

    private static double Direct(Form form, Workspace workspace)
    {
        using var scope = NewDisposeScope();
        long start = Stopwatch.GetTimestamp();
        form.Direct(workspace);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Both sides must have computed the same: a formula that leaves something out would be fast.</summary>
    private static void ThrowIfDifferent(Form form, EngineRun engine, Workspace workspace)
    {
        if (!engine.Results.Keys.Order().SequenceEqual(workspace.Results.Keys.Order()))
            throw new InvalidOperationException(
                $"{form.Name}: the engine changes {string.Join(", ", engine.Results.Keys)}, the formula {string.Join(", ", workspace.Results.Keys)}."
            );
        foreach ((string name, Tensor ours) in engine.Results)
        {
            using var scope = NewDisposeScope();
            Tensor direct = workspace.Results[name].to(ScalarType.Float32);
            // One step of bfloat16, and the noise of float32 where terms cancel.
            double excess = (ours.to(ScalarType.Float32) - direct).abs().sub_(direct.abs() * (1.0 / 128)).max().item<float>();
            double scale = direct.abs().max().item<float>();
            if (!(excess < scale * 1e-4))
                throw new InvalidOperationException(
                    string.Create(CultureInfo.InvariantCulture, $"{form.Name}: {name} is off by {excess:0.0e+00} of {scale:0.0e+00}.")
                );
        }
    }
}
