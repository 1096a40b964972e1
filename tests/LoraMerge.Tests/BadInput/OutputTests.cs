using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.BadInput;

/// <summary>Places that a merged model must not go to: refused before a byte is written there.</summary>
public sealed class OutputTests
{
    [Theory]
    [InlineData("base")]
    [InlineData("base/")]
    [InlineData("base/merged")]
    [InlineData("base/deep/below")]
    [InlineData("adapter")]
    [InlineData("adapter/merged")]
    [InlineData("elsewhere/../base")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("link-to-base")]
    [InlineData("link-to-base/merged")]
    [InlineData("link-to-link")]
    public async Task An_output_that_is_holds_or_lies_in_an_input_is_refused(string output)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.CreateSymbolicLink(Path.Combine(bench.Folder, "link-to-base"), "base");
        File.CreateSymbolicLink(Path.Combine(bench.Folder, "link-to-link"), Path.Combine(bench.Folder, "link-to-base"));
        bench.Output = output;

        await bench.AssertRefusedAsync(DiagnosticCode.OutputInsideInput, "input", "Choose another output folder");
        bench.Passed();
    }

    [Fact]
    public async Task An_input_that_is_named_through_a_link_is_seen_too()
    {
        using var bench = new Workbench();
        Directory.CreateSymbolicLink(Path.Combine(bench.Folder, "alias"), bench.Base);
        string real = bench.Base;
        bench.Base = Path.Combine(bench.Folder, "alias");
        bench.Output = Path.Combine(real, "merged");

        await bench.AssertRefusedAsync(DiagnosticCode.OutputInsideInput, "alias");
        bench.Passed();
    }

    [Theory]
    [InlineData(".lora-new")]
    [InlineData(".lora-old")]
    public async Task An_input_in_the_place_where_the_merge_would_stage_is_refused(string suffix)
    {
        using var bench = new Workbench();
        Directory.Move(bench.Base, bench.OutputPath + suffix);
        bench.Base = bench.OutputPath + suffix;

        await bench.AssertRefusedAsync(DiagnosticCode.OutputInsideInput, bench.Base);
        bench.Passed();
    }

    [Fact]
    public async Task A_folder_of_somebody_elses_files_is_refused()
    {
        using var bench = new Workbench();
        Directory.CreateDirectory(bench.OutputPath);
        File.WriteAllText(Path.Combine(bench.OutputPath, "thesis.docx"), "years of work");

        await bench.AssertRefusedAsync(DiagnosticCode.OutputNotOurs, bench.OutputPath, "lora-merge.json", "is left alone");
        bench.Passed();
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData(".git/HEAD")]
    [InlineData("sub/model.gguf")]
    public async Task An_earlier_result_that_holds_a_file_of_somebody_else_is_refused(string file)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string path = Path.Combine(bench.OutputPath, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "mine");

        await bench.AssertRefusedAsync(DiagnosticCode.OutputNotOurs, bench.OutputPath, $"'{file}'", "would be lost");
        bench.Passed();
    }

    [Fact]
    public async Task What_a_desktop_leaves_in_an_earlier_result_does_not_matter()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(Path.Combine(bench.OutputPath, ".DS_Store"), "");

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        bench.Passed();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"files\": 7}")]
    public async Task A_folder_with_another_lora_merge_json_is_refused(string manifest)
    {
        using var bench = new Workbench();
        Directory.CreateDirectory(bench.OutputPath);
        File.WriteAllText(Path.Combine(bench.OutputPath, "lora-merge.json"), manifest);
        File.WriteAllText(Path.Combine(bench.OutputPath, "mine.txt"), "mine");

        await bench.AssertRefusedAsync(DiagnosticCode.OutputNotOurs, "mine.txt");
        bench.Passed();
    }

    [Theory]
    [InlineData(".lora-new")]
    [InlineData(".lora-old")]
    public async Task A_folder_of_somebody_else_where_the_merge_would_stage_is_refused(string suffix)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Directory.CreateDirectory(bench.OutputPath + suffix);
        File.WriteAllText(Path.Combine(bench.OutputPath + suffix, "mine.txt"), "mine");
        File.WriteAllText(Path.Combine(bench.OutputPath + suffix, ".DS_Store"), "how it is shown");

        await bench.AssertRefusedAsync(DiagnosticCode.OutputNotOurs, bench.OutputPath + suffix, "mine.txt");
        bench.Passed();
    }

    [Fact]
    public async Task A_file_is_refused()
    {
        using var bench = new Workbench();
        File.WriteAllText(bench.OutputPath, "mine");

        await bench.AssertRefusedAsync(DiagnosticCode.OutputNotOurs, bench.OutputPath, "is a file");
        bench.Passed();
    }

    [Fact]
    public async Task A_folder_below_a_file_is_refused()
    {
        using var bench = new Workbench();
        File.WriteAllText(bench.OutputPath, "mine");
        bench.Output = "merged/below";

        await bench.AssertRefusedAsync(DiagnosticCode.OutputNotWritable, bench.OutputPath);
        bench.Passed();
    }

    [Fact]
    public async Task Links_that_lead_round_in_a_circle_are_refused()
    {
        using var bench = new Workbench();
        File.CreateSymbolicLink(Path.Combine(bench.Folder, "x"), Path.Combine(bench.Folder, "y"));
        File.CreateSymbolicLink(Path.Combine(bench.Folder, "y"), Path.Combine(bench.Folder, "x"));
        bench.Output = "x/merged";

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error LORA1109", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_merge_that_is_refused_leaves_no_new_parent_folders()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(),
            TinyAdapter.ForLlama().With("model.layers.1.mlp.up_proj.lora_A.weight", Safetensors.DType.F32, [2, 4], [.. Enumerable.Repeat(double.NaN, 8)]));
        bench.Output = "new/folders/merged";

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterNotFinite);
        Assert.False(Directory.Exists(Path.Combine(bench.Folder, "new")));
        bench.Passed();
    }

    [Fact]
    public async Task An_output_through_a_link_replaces_what_the_link_points_to()
    {
        using var bench = new Workbench();
        string target = Path.Combine(bench.Folder, "target");
        Directory.CreateDirectory(target);
        Directory.CreateSymbolicLink(bench.OutputPath, target);

        CommandLineRun first = await bench.RunAsync();
        CommandLineRun second = await bench.RunAsync();

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Equal(target, new DirectoryInfo(bench.OutputPath).LinkTarget);
        Assert.True(File.Exists(Path.Combine(target, "lora-merge.json")));
        Assert.Equal(
            ["adapter", "base", "merged", "target"],
            Directory.EnumerateFileSystemEntries(bench.Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)
        );
        bench.Passed();
    }

    [Fact]
    public async Task A_weight_file_as_base_may_have_the_output_beside_it()
    {
        using var bench = new Workbench();
        File.Delete(bench.InBase("config.json")); // beside which weights alone are warned of
        bench.Base = bench.InBase("model.safetensors");
        bench.Output = Path.Combine("base", "merged");

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        bench.Passed();
    }
}
