using LoraMerge.Cli;

namespace LoraMerge.Tests.BadInput;

/// <summary>Exit codes: 0; 1 for a fault of the user with its coded line; 2 for wrong usage.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData]
    [InlineData("melt")]
    [InlineData("merge")]
    [InlineData("merge", "--base", "x", "--output", "y")]
    [InlineData("merge", "--adapter", "x", "--output", "y")]
    [InlineData("merge", "--base", "x", "--adapter", "y")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output", "z", "--store", "s", "--state", "t")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output", "z", "--store", "s")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--store", "s")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--store", "", "--state", "t")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--store", "s", "--state", "")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output", "z", "--speed", "fast")]
    [InlineData("merge", "--base", "x", "--base", "x", "--adapter", "y", "--output", "z")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output", "z", "--parent-pid", "many")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--store", "s", "--store", "s", "--state", "t")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--store", "s", "--state", "t", "--state", "t")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output", "z", "--output", "z")]
    [InlineData("merge", "@/nowhere/arguments.rsp")]
    [InlineData("[suggest]", "-", "--")]
    [InlineData("[suggest:x]", "-")]
    [InlineData("[diagram]", "merge")]
    [InlineData("inspect")]
    [InlineData("verify", "--base", "x", "--adapter", "y")]
    [InlineData("runtime", "add", "rocm")]
    [InlineData("fetch", "hf://acme/x", "--role", "lora")]
    [InlineData("merge", "--base", "x", "--adapter", "y", "--output", "z", "--state", "t")]
    public async Task Wrong_usage_ends_with_2(params string[] arguments)
    {
        CommandLineRun run = await CommandLineRun.Of(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Error);
        Assert.DoesNotContain("error LORA", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_named_and_nothing_that_only_builds_use()
    {
        string merge = (await CommandLineRun.Of("merge")).Error, nothing = (await CommandLineRun.Of()).Error;

        Assert.All((string[])["'--base'", "'--adapter'", "'--output'"], option => Assert.Contains(option, merge, StringComparison.Ordinal));
        Assert.DoesNotContain("--store", merge, StringComparison.Ordinal);
        Assert.DoesNotContain("restore", nothing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-1")]
    [InlineData("1000000")]
    public async Task Days_that_are_none_are_said_in_words_of_people(string days)
    {
        CommandLineRun run = await CommandLineRun.Of("cache", "prune", "x", "--unused-for", days);

        Assert.Equal((1, $"lora-merge: error LORA1101: --unused-for is '{days}', but a number of days is expected."), (run.ExitCode, run.Error.TrimEnd()));
    }

    [Theory]
    [InlineData("--dtype", "float8", "auto, float32, float16 or bfloat16")]
    [InlineData("--device", "gpu", "auto, cpu, cuda or cuda:N")]
    [InlineData("--device", "cuda:-1", "cuda:N")]
    [InlineData("--threads", "0", "a whole number from 1")]
    [InlineData("--threads", "two", "a whole number from 1")]
    [InlineData("--threads", "100000", "a whole number from 1 to 1024")]
    [InlineData("--max-memory", "much", "500MB, 5GB or 2GiB")]
    [InlineData("--max-shard-size", "-5GB", "500MB, 5GB or 2GiB")]
    [InlineData("--max-shard-size", "0", "500MB, 5GB or 2GiB")]
    [InlineData("--max-shard-size", "5", "500MB, 5GB or 2GiB")]
    [InlineData("--verify", "maybe", "none, written or full")]
    [InlineData("--on-unmatched", "ignore", "error or warn")]
    [InlineData("--adapter-version", "2=1.0.0", "'1=' with a text behind it")]
    [InlineData("--base-range", "one=[1,2)", "'1=' with a text behind it")]
    [InlineData("--name", "../../evil", "a name that a folder can have")]
    [InlineData("--name", "..", "a name that a folder can have")]
    [InlineData("--name", "a\nb", "a name that a folder can have")]
    [InlineData("--name", "", "a name that a folder can have")]
    public async Task A_value_that_is_none_of_those_expected_ends_with_1_and_names_them(string option, string value, string expected)
    {
        using var bench = new Workbench();

        await bench.AssertRefusedAsync(Diagnostics.DiagnosticCode.ArgumentInvalid, [option, value], [$"'{value.ReplaceLineEndings(" ")}'", expected]);
        bench.Passed();
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-1e999")]
    public async Task A_weight_that_is_not_finite_is_refused(string weight)
    {
        using var bench = new Workbench();
        bench.Adapter += "=" + weight;

        await bench.AssertRefusedAsync(Diagnostics.DiagnosticCode.ArgumentInvalid, bench.Adapter, "a finite number");
        bench.Passed();
    }

    [Theory]
    [InlineData("--base")]
    [InlineData("--adapter")]
    [InlineData("--output")]
    public async Task A_path_without_any_letter_is_refused(string option)
    {
        using var bench = new Workbench();
        var arguments = new Dictionary<string, string>
        {
            ["--base"] = bench.Base,
            ["--adapter"] = bench.Adapter,
            ["--output"] = bench.OutputPath,
            [option] = "",
        };

        CommandLineRun run = await CommandLineRun.Of(["merge", .. arguments.SelectMany(pair => (string[])[pair.Key, pair.Value])]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("lora-merge: error LORA11", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_path_with_a_null_character_or_a_line_break_is_refused_in_one_line()
    {
        using var bench = new Workbench();
        bench.Base += "\0x";
        CommandLineRun withNull = await bench.RunAsync();
        bench.Base = "a\nb";
        CommandLineRun withBreak = await bench.RunAsync();

        Assert.StartsWith("lora-merge: error LORA1107", withNull.Error, StringComparison.Ordinal);
        Assert.Contains("error LORA1107", Assert.Single(withBreak.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal((1, 1), (withNull.ExitCode, withBreak.ExitCode));
        bench.Passed();
    }

    [Fact]
    public async Task A_weight_stands_behind_the_last_equals_sign()
    {
        using var bench = new Workbench();
        string named = Path.Combine(bench.Folder, "rank=2");
        Directory.Move(bench.Adapter, named);

        CommandLineRun alone = await CommandLineRun.Of("plan", "--base", bench.Base, "--adapter", named);
        CommandLineRun weighted = await CommandLineRun.Of("plan", "--base", bench.Base, "--adapter", named + "=0.5");

        Assert.Contains("scaling 2", alone.Output, StringComparison.Ordinal);
        Assert.Contains("scaling 1", weighted.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    [Theory]
    [InlineData("=0,5")]
    [InlineData("=half")]
    [InlineData("=")]
    public async Task A_weight_that_is_no_number_is_named_as_one(string weight)
    {
        using var bench = new Workbench();

        CommandLineRun run = await CommandLineRun.Of("plan", "--base", bench.Base, "--adapter", bench.Adapter + weight);

        Assert.StartsWith("lora-merge: error LORA1101: the weight of --adapter is '", run.Error, StringComparison.Ordinal);
        Assert.Contains("a number such as 0.5 behind '='", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_merge_gives_its_thread_back_before_it_works_so_that_somebody_listens_for_an_interrupt()
    {
        using var bench = new Workbench();
        using var gate = new ManualResetEventSlim();
        string[] words = ["merge", "--base", bench.Base, "--adapter", bench.Adapter, "--output", bench.OutputPath, "--device", "cpu"];

        Task<Task<int>> started = Task.Factory.StartNew(() => CommandLine.RunAsync(words, new GatedWriter(gate), TextWriter.Null),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task<int> run = await started.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        bool wasDone = run.IsCompleted; // its first line waits
        gate.Set();

        Assert.False(wasDone);
        Assert.Equal(0, await run);
        bench.Passed();
    }

    [Fact]
    public async Task An_empty_path_is_refused_and_nothing_else()
    {
        string[][] commands = [["cache", "list", ""], ["cache", "prune", ""], ["cache", "clear", " "], ["fetch", "--update", "--lock-file", ""]];

        foreach (string[] command in commands)
        {
            CommandLineRun run = await CommandLineRun.Of(command);

            Assert.True(run.ExitCode is 1 or 2, run.Error);
            Assert.NotEqual("", run.Error);
        }
    }

    [Fact]
    public async Task A_weight_counts_even_where_a_folder_has_the_name_of_both()
    {
        using var bench = new Workbench();
        TinyAdapter.Lora(4).Module("model.layers.0.self_attn.q_proj", 4, 4).WriteTo(bench.Adapter + "=3");

        CommandLineRun run = await CommandLineRun.Of("plan", "--base", bench.Base, "--adapter", bench.Adapter + "=3");

        Assert.Contains("rank 2, scaling 6", run.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_response_file_holds_one_argument_a_line_as_it_is()
    {
        using var bench = new Workbench();
        bench.Output = "merged with \"quotes\" and # signs";
        string file = Path.Combine(bench.Folder, "arguments.rsp");
        File.WriteAllLines(file, ["merge", "--base", bench.Base, "", "--adapter", bench.Adapter + "=1", "--output", bench.OutputPath, "--device", "cpu"]);

        CommandLineRun run = await CommandLineRun.Of("@" + file);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.True(File.Exists(Path.Combine(bench.OutputPath, "lora-merge.json")));
        bench.Passed();
    }

    [Theory]
    [InlineData("/dev/full")]
    [InlineData("/dev/zero")]
    public async Task A_response_file_that_never_ends_is_refused(string device)
    {
        Assert.SkipUnless(File.Exists(device), "Only Unix has such devices.");

        CommandLineRun run = await CommandLineRun.Of("merge", "@" + device);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"The response file '{device}' has more than 1048576 characters", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_in_a_response_file_is_never_looked_up_again()
    {
        using var bench = new Workbench();
        string inner = Path.Combine(bench.Folder, "inner.rsp"), outer = Path.Combine(bench.Folder, "outer.rsp");
        File.WriteAllLines(inner, ["--output=" + bench.OutputPath]);
        File.WriteAllLines(outer, ["merge", "--base=" + bench.Base, "--adapter=" + bench.Adapter, "--name", "@" + inner]);

        CommandLineRun nested = await CommandLineRun.Of("@" + outer);
        CommandLineRun beside = await CommandLineRun.Of("@" + outer, "@/nowhere/arguments.rsp");

        Assert.Equal((2, 2), (nested.ExitCode, beside.ExitCode));
        Assert.Contains("--output", nested.Error, StringComparison.Ordinal);
        Assert.Contains("/nowhere/arguments.rsp", beside.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Help_ends_with_0()
    {
        CommandLineRun run = await CommandLineRun.Of("merge", "--help");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("--base", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"formatVersion\": 1}")]
    [InlineData("{\"formatVersion\": 2}")]
    [InlineData(
        "{\"formatVersion\": 1, \"tool\": \"1\", \"key\": \"k\", \"name\": \"n\", \"base\": {\"name\": \"b\", \"files\": {}}, \"adapters\": [null], "
            + "\"options\": {}, \"tensors\": {}, \"files\": {}}"
    )]
    [InlineData("no json")]
    public async Task A_manifest_that_is_not_ours_is_refused_by_inspect(string manifest)
    {
        using var bench = new Workbench();
        File.WriteAllText(bench.InBase("lora-merge.json"), manifest);

        CommandLineRun run = await CommandLineRun.Of("inspect", bench.Base);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error LORA6050", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Verify_names_a_merged_model_that_is_missing_as_such()
    {
        using var bench = new Workbench();

        CommandLineRun run = await CommandLineRun.Of("verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"error LORA1107: The merged model '{bench.OutputPath}' does not exist", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Control_characters_of_a_strangers_names_do_not_reach_the_terminal()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(),
            TinyAdapter.ForLlama().Filled("\u001b[2Jevil\n/x: error LORA9999: fake.lora_C.weight", Safetensors.DType.F32, 2)
        );

        CommandLineRun run = await bench.RunAsync();

        Assert.Contains("error LORA3009", Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Error);
        bench.Passed();
    }

    [Fact]
    public async Task Verify_looks_at_the_files_beside_the_weights_too()
    {
        using var bench = new Workbench();
        string[] verify = ["verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--dtype", "float32"];
        await bench.RunAsync("--dtype", "float32"); // which config.json then says
        CommandLineRun equal = await CommandLineRun.Of(verify);
        File.Delete(Path.Combine(bench.OutputPath, "tokenizer.json"));
        await File.WriteAllTextAsync(Path.Combine(bench.OutputPath, "config.json"), "{}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(bench.OutputPath, "notes.txt"), "of the user", TestContext.Current.CancellationToken);

        CommandLineRun different = await CommandLineRun.Of(verify);

        Assert.Equal((0, 1), (equal.ExitCode, different.ExitCode));
        Assert.Equal(
            ["config.json: not what the merge writes", "tokenizer.json: missing", "different: 0 of 8 tensors, 2 other files"],
            different.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
        );
        bench.Passed();
    }

    [Fact]
    public async Task Verify_ends_with_1_where_a_bit_differs()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string[] verify = ["verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu"];
        CommandLineRun equal = await CommandLineRun.Of(verify);
        using (FileStream weights = File.Open(Path.Combine(bench.OutputPath, "model.safetensors"), FileMode.Open))
        {
            weights.Seek(-1, SeekOrigin.End);
            int last = weights.ReadByte();
            weights.Seek(-1, SeekOrigin.End);
            weights.WriteByte((byte)(last ^ 1));
        }

        CommandLineRun different = await CommandLineRun.Of(verify);

        Assert.Equal((0, 1), (equal.ExitCode, different.ExitCode));
        Assert.Contains("lm_head.weight: 1 element differs", different.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    /// <summary>Writes nothing before it may.</summary>
    private sealed class GatedWriter(ManualResetEventSlim gate) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            gate.Wait();
            base.WriteLine(value);
        }
    }
}
