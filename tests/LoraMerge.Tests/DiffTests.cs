using System.Text.Json.Nodes;
using LoraMerge.Cli;
using LoraMerge.Manifests;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary><c>diff</c> says in which tensors and files two models differ, and by how much.</summary>
public sealed class DiffTests
{
    [Fact]
    public async Task Equal_models_are_equal_however_they_are_dealt_out_to_files()
    {
        using var folder = new TestFolder();

        CommandLineRun run = await CommandLineRun.Of(
            "diff",
            TinyCheckpoint.Llama().WriteTo(folder["one"]),
            TinyCheckpoint.Llama().InShards(3).WriteTo(folder["other"])
        );

        Assert.Equal(new CommandLineRun(0, $"equal: all 8 tensors, bit by bit, and 3 other files{Environment.NewLine}", ""), run);
        folder.Passed();
    }

    [Theory]
    [InlineData(DType.F32, new[] { 3.0, 4 }, DType.F32, new[] { 3, 4.5 }, "1 of 2 elements differ, by 10 % of its norm, at most by 0.5 (1048576 ulp)")]
    [InlineData(DType.BF16, new[] { 3.0, 4 }, DType.BF16, new[] { 3, 4.5 }, "1 of 2 elements differ, by 10 % of its norm, at most by 0.5 (16 ulp)")]
    [InlineData(DType.BF16, new[] { 3.0, 4 }, DType.F32, new[] { 3.0, 4 }, "BF16 against F32, equal values")]
    [InlineData(DType.F16, new[] { 3.0, 4 }, DType.F64, new[] { 3, 4.5 }, "F16 against F64, 1 of 2 elements differ, by 10 % of its norm, at most by 0.5")]
    [InlineData(DType.F32, new[] { 0.0, 0 }, DType.F32, new[] { 0, 1.0 }, "1 of 2 elements differ, at most by 1 (1065353216 ulp)")]
    [InlineData(DType.BF16, new[] { 1, double.NaN }, DType.F32, new[] { 1, double.NaN }, "BF16 against F32, equal values")]
    [InlineData(
        DType.BF16,
        new[] { 1.0, 2 },
        DType.F32,
        new[] { 1, double.PositiveInfinity },
        "BF16 against F32, 1 of 2 elements differ, by 0 % of its norm, at most by Infinity"
    )]
    [InlineData(DType.I64, new[] { 1.0, 2 }, DType.I64, new[] { 1.0, 3 }, "1 of 2 elements differ")]
    [InlineData(DType.U8, new[] { 1.0, 2 }, DType.U8, new[] { 3.0, 3 }, "2 of 2 elements differ")]
    [InlineData(DType.I64, new[] { 1.0, 2 }, DType.F32, new[] { 1.0, 2 }, "I64 against F32")]
    [InlineData(DType.F32, new[] { 1.0, 2 }, DType.F32, new[] { 1.0, 2, 3 }, "F32 [2] against F32 [3]")]
    public async Task A_tensor_is_told_apart_by_form_and_by_values(DType dtype, double[] values, DType otherDType, double[] otherValues, string expected)
    {
        using var folder = new TestFolder();
        string one = TinyCheckpoint.Empty.With("same", DType.F32, [1], 7).With("w", dtype, [values.Length], values).WriteTo(folder["one"]);
        string other = TinyCheckpoint.Empty.With("same", DType.F32, [1], 7).With("w", otherDType, [otherValues.Length], otherValues).WriteTo(folder["other"]);

        CommandLineRun run = await CommandLineRun.Of("diff", one, other);

        string[] explained = expected.Contains("ulp", StringComparison.Ordinal) ? [ShortList.MeaningOfUlp] : [];
        Assert.Equal(
            [$"w: {expected}", .. explained, "different: 1 of 2 tensors, 0 of 0 other files"],
            run.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.Equal(1, run.ExitCode);
        folder.Passed();
    }

    [Fact]
    public async Task Of_many_tensors_the_ten_that_differ_most_are_listed_and_all_when_asked()
    {
        using var folder = new TestFolder();
        TinyCheckpoint one = TinyCheckpoint.Empty, other = TinyCheckpoint.Empty;
        foreach (int i in Enumerable.Range(1, 12))
        {
            one.With($"w{i:D2}", DType.F32, [1], 1);
            other.With($"w{i:D2}", DType.F32, [1], 1 + (i / 16.0));
        }
        string[] diff = ["diff", one.WriteTo(folder["one"]), other.WriteTo(folder["other"])];

        string[] lines = (await CommandLineRun.Of(diff)).Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        string[] all = (await CommandLineRun.Of([.. diff, "--all"])).Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(Enumerable.Range(3, 10).Reverse().Select(i => $"w{i:D2}"), lines[..10].Select(line => line.Split(':')[0]));
        Assert.Equal(["... and 2 more (--all lists them)", ShortList.MeaningOfUlp, "different: 12 of 12 tensors, 0 of 0 other files"], lines[10..]);
        Assert.Equal(
            [.. Enumerable.Range(1, 12).Reverse().Select(i => $"w{i:D2}"), ShortList.MeaningOfUlp.Split(':')[0], "different"],
            all.Select(line => line.Split(':')[0])
        );
        folder.Passed();
    }

    [Fact]
    public async Task Differences_are_found_behind_the_first_block_and_a_difference_that_is_not_finite_stays_JSON()
    {
        using var folder = new TestFolder();
        const int Length = 600_000;
        double[] values = [.. Enumerable.Repeat(1.0, Length)];
        string one = TinyCheckpoint.Empty.With("w", DType.F32, [Length], values).WriteTo(folder["one"]);
        (values[Length - 2], values[Length - 1]) = (1.5, double.NaN);
        string other = TinyCheckpoint.Empty.With("w", DType.F32, [Length], values).WriteTo(folder["other"]);

        JsonNode diff = JsonNode.Parse((await CommandLineRun.Of("diff", one, other, "--json")).Output)!;

        JsonNode tensor = Assert.Single(diff["tensors"]!.AsArray())!;
        Assert.Equal(2, (int)tensor["differentElements"]!);
        Assert.Equal(Math.Sqrt(0.25 / (Length - 1)), (double)tensor["relativeNorm"]!, 12);
        Assert.Null(tensor["largestDifference"]);
        Assert.False((bool)diff["equal"]!);
        folder.Passed();
    }

    [Fact]
    public async Task What_only_one_model_has_is_named_and_so_are_other_files()
    {
        using var folder = new TestFolder();
        string one = TinyCheckpoint.Llama().Without("lm_head.weight").WithoutFile("tokenizer.json").WriteTo(folder["one"]);
        string other = TinyCheckpoint
            .Llama()
            .Without("model.embed_tokens.weight")
            .WithoutFile("generation_config.json")
            .File("config.json", "{}")
            .WriteTo(folder["other"]);

        CommandLineRun run = await CommandLineRun.Of("diff", one, other);

        Assert.Equal(
            [
                $"lm_head.weight: only in {other}",
                $"model.embed_tokens.weight: only in {one}",
                "config.json: differs",
                $"generation_config.json: only in {one}",
                $"tokenizer.json: only in {other}",
                "different: 2 of 8 tensors, 3 of 3 other files",
            ],
            run.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        folder.Passed();
    }

    [Fact]
    public async Task A_merged_model_differs_from_its_base_in_what_its_manifest_names()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();

        JsonNode diff = JsonNode.Parse((await CommandLineRun.Of("diff", bench.Base, bench.OutputPath, "--json")).Output)!;

        Assert.Equal(
            MergeManifest.Read(Path.Combine(bench.OutputPath, MergeManifest.FileName)).Tensors.Keys,
            diff["tensors"]!.AsArray().Select(tensor => (string)tensor!["name"]!));
        Assert.Empty(diff["files"]!.AsArray());
        bench.Passed();
    }

    [Fact]
    public async Task What_is_no_model_is_refused_by_its_code()
    {
        using var bench = new Workbench();

        CommandLineRun missing = await CommandLineRun.Of("diff", bench.Base, bench.InBase("nowhere"));
        CommandLineRun adapter = await CommandLineRun.Of("diff", bench.Adapter, bench.Base);

        Assert.Contains("error LORA1107: The second model", missing.Error, StringComparison.Ordinal);
        Assert.Contains("is an adapter", adapter.Error, StringComparison.Ordinal);
        Assert.Equal((1, 1), (missing.ExitCode, adapter.ExitCode));
        bench.Passed();
    }
}
