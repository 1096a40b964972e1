using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>Builds and merges that are killed at random moments: the next build gives the right model, and nothing is left of the killed one.</summary>
public sealed class KillStormTests(ITestOutputHelper output)
{
    /// <summary>A storm for a quiet night: <c>LORAMERGE_TEST_KILLS=60</c>.</summary>
    private static readonly int s_kills = int.TryParse(
        Environment.GetEnvironmentVariable("LORAMERGE_TEST_KILLS"),
        NumberStyles.None,
        CultureInfo.InvariantCulture,
        out int kills
    )
        ? kills
        : 6;

    private static readonly string[] s_signals = ["INT", "TERM", "KILL"];

    private enum Victim
    {
        Build,
        Merge,
        Both,
    }

    [Fact]
    public async Task After_a_kill_at_any_moment_the_next_build_gives_the_right_model()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by 'timeout' and 'pkill'; processes are looked up in /proc.");
        using TestProject project = TestProject.WithRealWorker();
        WriteLargeBase(project);
        string[] right = [await BuildAfresh(project, 0), await BuildAfresh(project, 1)];
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        WriteAdapter(project, 0);
        (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        double wholeBuild = watch.Elapsed.TotalSeconds;

        for (int kill = 1; kill <= s_kills; kill++)
        {
            string signal = s_signals[kill % s_signals.Length];
            var victim = (Victim)random.Next(3);
            double seconds = random.NextDouble() * (victim == Victim.Merge ? wholeBuild / 3 : wholeBuild);
            string what = string.Create(CultureInfo.InvariantCulture, $"kill {kill} (seed {seed}): {signal} to {victim} after {seconds:0.00} s");
            WriteAdapter(project, kill % 2);

            await KillOne(project, victim, signal, seconds);
            await WaitForWorkersToEnd(project, what);
            BuildResult next = await project.BuildAsync("--no-restore");

            output.WriteLine(what);
            Assert.True(next.ExitCode == 0, $"{what}\n{next.Output}");
            Assert.True(project.HashOf(project.ModelPath()) == right[kill % 2], what);
            // Small text files that were half written are swept after a minute.
            string[] left =
            [
                .. Directory.EnumerateDirectories(project.Folder, "*.partial", SearchOption.AllDirectories),
                .. Directory.EnumerateFiles(project.PathOf("bin"), ".lora-*", SearchOption.AllDirectories),
            ];
            Assert.True(left.Length == 0, $"{what}: {string.Join(", ", left)}");
        }
    }

    /// <summary>A signal to the process group reaches both, as Ctrl+C in a terminal does.</summary>
    private static Task<BuildResult> KillOne(TestProject project, Victim victim, string signal, double seconds)
    {
        string delay = seconds.ToString("0.000", CultureInfo.InvariantCulture);
        string[] build = ["dotnet", "build", "-tl:off", "--no-restore"];
        return victim switch
        {
            Victim.Build => project.RunAsync("timeout", ["--foreground", "-s", signal, delay, .. build]),
            Victim.Both => project.RunAsync("timeout", ["-s", signal, delay, .. build]),
            // Waits for the merge, and for no longer than the build lives.
            _ => project.RunAsync(
                "sh",
                [
                    "-c",
                    $"(while kill -0 $$ && ! pgrep -f '{PatternOf(project)}'; do sleep 0.01; done; sleep {delay}; kill -0 $$ && pkill -{signal} -f "
                        + $"'{PatternOf(project)}') >/dev/null 2>&1 & exec {string.Join(' ', build)}",
                ]
            ),
        };
    }

    private static async Task WaitForWorkersToEnd(TestProject project, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            using Process find = Process.Start(new ProcessStartInfo("pgrep", ["-f", PatternOf(project)]) { RedirectStandardOutput = true })!;
            string found = await find.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await find.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (found.Length == 0)
                return;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{what}: worker {found.Trim()} lives");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The worker of this project, and not the shell that looks for it.</summary>
    private static string PatternOf(TestProject project) => $"[l]ora-merge.dll merge.*{Path.GetFileName(project.Folder)}";

    private static async Task<string> BuildAfresh(TestProject project, int adapter)
    {
        WriteAdapter(project, adapter);
        (await project.BuildAsync("--no-incremental")).ThrowIfFailed();
        return project.HashOf(project.ModelPath());
    }

    /// <summary>Of 64 MB, so that a merge takes as long as the rest of the build.</summary>
    private static void WriteLargeBase(TestProject project)
    {
        const int Side = 2048, Count = 8;
        var random = new Random(1);
        WeightFile.Write(
            project.PathOf("models/base/model.safetensors"),
            Enumerable.Range(0, Count).Select(i => (Module(i) + ".weight", DType.BF16, ImmutableArray.Create<long>(Side, Side))),
            (_, _, bytes) =>
            {
                random.NextBytes(bytes);
                for (int i = 1; i < bytes.Length; i += 2)
                    bytes[i] = (byte)(0x3C | (bytes[i] & 0x80)); // bfloat16 of about 0.01
            }
        );
    }

    private static void WriteAdapter(TestProject project, int number)
    {
        const int Side = 2048, Rank = 4;
        WeightFile.Write(
            project.PathOf("adapters/pirate/adapter_model.safetensors"),
            [
                ($"base_model.model.{Module(3)}.lora_A.weight", DType.F32, [Rank, Side]),
                ($"base_model.model.{Module(3)}.lora_B.weight", DType.F32, [Side, Rank]),
            ],
            (_, _, bytes) =>
            {
                for (int i = 0; i < bytes.Length; i += 4)
                    BitConverter.TryWriteBytes(bytes[i..], (((i / 4) + (number * 7)) % 13) * 0.001f);
            }
        );
        project.Write(
            "adapters/pirate/adapter_config.json",
            $$"""{ "peft_type": "LORA", "r": {{Rank}}, "lora_alpha": 8, "target_modules": ["up_proj"], "base_model_name_or_path": null }"""
        );
    }

    private static string Module(int layer) => $"model.layers.{layer}.mlp.up_proj";
}
