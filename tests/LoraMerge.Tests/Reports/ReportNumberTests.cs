using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Reports;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Reports;

/// <summary>The numbers of a report, held to the files and to the manifest of the same merge.</summary>
public sealed class ReportNumberTests
{
    private static readonly string Sample = Path.Combine(Repository.Root, "sample-app");

    [Fact]
    public async Task Sizes_of_changes_are_those_of_the_files()
    {
        using var folder = new TestFolder();
        MergeRequest request = Request("pirate");
        await new Merger().MergeAsync(request, folder["merged"], CancellationToken.None);

        MergeReport report = await new Merger().ReportAsync(request, folder["merged"], CancellationToken.None);

        Assert.Equal(28, report.Tensors.Length);
        foreach (ReportedTensor tensor in report.Tensors)
        {
            double[] before = Values(Path.Combine(Sample, "models", "base"), tensor.Name), after = Values(folder["merged"], tensor.Name);
            double[] delta = Delta("pirate", tensor.Name, scaling: 2);
            double norm = Norm(delta), kept = before.Zip(after, delta).Sum(each => (each.Second - each.First) * each.Third) / (norm * norm);
            Equal(Norm(before), tensor.WeightNorm);
            Equal(norm, tensor.DeltaNorm);
            Equal(norm / Norm(before), tensor.RelativeChange);
            Equal((double)before.Zip(after).Count(pair => pair.First != pair.Second) / before.Length, tensor.ChangedShare);
            Equal(kept, tensor.KeptShare);
            Equal(norm, Math.Sqrt(tensor.SingularValues!.Value.Sum(value => value * value)));
            Assert.Equal(8, tensor.SingularValues.Value.Length);
            Assert.Equal(new ReportedDelta("pirate", "lora", 8, 2, tensor.DeltaNorm), Assert.Single(tensor.Deltas));
        }
        folder.Passed();
    }

    [Fact]
    public async Task What_the_manifest_says_the_report_says_alike()
    {
        using var folder = new TestFolder();
        MergeRequest request = Request("pirate", "space");
        MergeResult result = await new Merger().MergeAsync(request with { IsMeasured = true }, folder["merged"], CancellationToken.None);
        MergeManifest manifest = MergeManifest.Read(Path.Combine(folder["merged"], MergeManifest.FileName));

        MergeReport[] reports =
        [
            Merger.ReportOf(result, []), await new Merger().ReportAsync(request, folder["merged"], CancellationToken.None), Merger.ReportOf(folder["merged"]),
        ];

        Assert.Equal([ReportSource.Merge, ReportSource.Computation, ReportSource.Manifest], reports.Select(report => report.Source));
        foreach (MergeReport report in reports)
        {
            Assert.Equal((manifest.Key, manifest.Name, manifest.Tool), (report.Manifest.Key, report.Manifest.Name, report.Manifest.Tool));
            Assert.Equal(manifest.Files, report.Manifest.Files);
            Assert.Equal(manifest.Base.Files, report.Manifest.Base.Files);
            Assert.Equal(manifest.Tensors.Keys, report.Tensors.Select(tensor => tensor.Name));
            foreach (ReportedTensor tensor in report.Tensors)
            {
                ManifestTensor expected = manifest.Tensors[tensor.Name];
                Assert.Equal(expected.ChangedShare, tensor.ChangedShare);
                Assert.Equal(expected.Deltas.Select(delta => (delta.Adapter, delta.Norm)), tensor.Deltas.Select(delta => (delta.Adapter, delta.Norm)));
                Assert.Equal(("BF16", 2), (tensor.DType, tensor.Shape!.Value.Length));
            }
        }
        Assert.Equal(reports[0].Tensors.Select(tensor => tensor.RelativeChange), reports[1].Tensors.Select(tensor => tensor.RelativeChange));
        Assert.Equal(reports[0].Model with { }, reports[1].Model);
        folder.Passed();
    }

    [Fact]
    public async Task Measuring_changes_no_byte()
    {
        using var folder = new TestFolder();
        MergeRequest request = Request("space");

        MergeResult plain = await new Merger().MergeAsync(request, folder["plain"], CancellationToken.None);
        MergeResult measured = await new Merger().MergeAsync(request with { IsMeasured = true, MaxMemory = 1 }, folder["measured"], CancellationToken.None);

        Assert.Equal(plain.Manifest.Files, measured.Manifest.Files);
        Assert.All(plain.Outcomes, outcome => Assert.Null(outcome.Measure));
        Assert.All(measured.Outcomes, outcome => Assert.NotNull(outcome.Measure));
        folder.Passed();
    }

    [Fact]
    public async Task The_base_is_read_once_and_nothing_is_written()
    {
        using var bench = new Workbench();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        MergeReport report = await new Merger().ReportAsync(bench.Request(), null, CancellationToken.None);

        Assert.Equal(new FileInfo(bench.InBase("model.safetensors")).Length, report.Run!.ReadByteLength);
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task Singular_values_are_those_of_the_sum_of_all_products()
    {
        // 2·(3·e₁e₁ᵀ + 5·e₂e₂ᵀ) and 2·(4·e₁e₁ᵀ) together: 14 and 10.
        using var bench = new Workbench(
            TinyCheckpoint.Llama(DType.F32),
            TinyAdapter.Lora()
                .With("model.layers.0.self_attn.q_proj.lora_A.weight", DType.F32, [2, 4], 1, 0, 0, 0, 0, 1, 0, 0)
                .With("model.layers.0.self_attn.q_proj.lora_B.weight", DType.F32, [4, 2], 3, 0, 0, 5, 0, 0, 0, 0));
        string second = TinyAdapter.Lora(rank: 1)
            .With("model.layers.0.self_attn.q_proj.lora_A.weight", DType.F32, [1, 4], 1, 0, 0, 0)
            .With("model.layers.0.self_attn.q_proj.lora_B.weight", DType.F32, [4, 1], 4, 0, 0, 0)
            .WriteTo(Path.Combine(bench.Folder, "second"));

        MergeReport report = await new Merger().ReportAsync(
            bench.Request() with { Adapters = [new AdapterRequest(bench.Adapter), new AdapterRequest(second)] }, null, CancellationToken.None);

        ReportedTensor tensor = Assert.Single(report.Tensors);
        Assert.Equal([14, 10, 0], tensor.SingularValues!.Value.Select(value => Math.Round(value, 9)));
        Equal(Math.Sqrt((14 * 14) + (10 * 10)), tensor.DeltaNorm);
        Assert.Equal([2, 1], tensor.Deltas.Select(delta => delta.Rank!.Value));
        bench.Passed();
    }

    [Fact]
    public async Task A_change_that_depends_on_the_weight_has_a_size_and_no_singular_values()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("use_dora", true)
                .Filled("model.layers.0.self_attn.q_proj.lora_magnitude_vector.weight", DType.F32, 4)
                .Filled("model.layers.1.mlp.up_proj.lora_magnitude_vector.weight", DType.F32, 6));

        MergeReport report = await new Merger().ReportAsync(bench.Request(), null, CancellationToken.None);

        Assert.All(report.Tensors, tensor =>
        {
            Assert.Null(tensor.SingularValues);
            Assert.True(tensor.DeltaNorm > 0 && tensor.RelativeChange > 0);
            Assert.Equal(("dora", 2L), (tensor.Deltas[0].Method, tensor.Deltas[0].Rank!.Value));
        });
        bench.Passed();
    }

    [Fact]
    public async Task What_was_trained_whole_is_held_to_what_it_replaces()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(DType.F32).With("lm_head.weight", DType.F32, [8, 4], [.. Enumerable.Repeat(1.0, 32)]),
            TinyAdapter.ForLlama().Config("modules_to_save", new JsonArray("lm_head"))
                .With("lm_head.weight", DType.F32, [8, 4], [.. Enumerable.Repeat(1.5, 16), .. Enumerable.Repeat(1.0, 16)]));

        MergeReport report = await new Merger().ReportAsync(bench.Request(), null, CancellationToken.None);

        ReportedTensor head = report.Tensors.Single(tensor => tensor.Name == "lm_head.weight");
        Assert.Equal("adapter", head.ReplacedBy);
        Equal(Math.Sqrt(16 * 0.25 / 32), head.RelativeChange);
        Assert.Equal(0.5, head.ChangedShare);
        bench.Passed();
    }

    [Fact]
    public async Task Warnings_of_the_merge_stand_in_the_report()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().WithoutFile("tokenizer.json"), TinyAdapter.ForLlama());

        MergeReport report = await new Merger().ReportAsync(bench.Request(), null, CancellationToken.None);

        Assert.Contains(report.Warnings!.Value, warning => warning.Code == "LORA2031");
        bench.Passed();
    }

    [Theory]
    [InlineData("gguf")]
    [InlineData("gguf-adapter")]
    public async Task A_model_of_another_format_has_the_sizes_and_not_the_rounding(string format)
    {
        MergeReport report = await new Merger().ReportAsync(Request("pirate") with { Format = format }, null, CancellationToken.None);

        Assert.Equal(28, report.Tensors.Length);
        Assert.All(report.Tensors, tensor => Assert.True(tensor.RelativeChange > 0));
        if (format == "gguf")
            Assert.Null(report.Model.KeptShare);
        Assert.Contains("<table class=\"heat\"", ReportPage.Of(report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_was_made_of_other_inputs_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => new Merger().ReportAsync(
            bench.Request() with { Adapters = [new AdapterRequest(bench.Adapter, 0.5)] }, bench.OutputPath, CancellationToken.None));

        Assert.Equal(DiagnosticCode.ReportOfOtherModel, fault.Code);
        bench.Passed();
    }

    [Fact]
    public async Task Numbers_of_a_manifest_that_are_beyond_all_bounds_are_none_that_a_merge_has_written()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string file = Path.Combine(bench.OutputPath, MergeManifest.FileName);
        string text = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))
            .Replace("\"scaling\": 2", "\"scaling\": -1e999", StringComparison.Ordinal);
        int norm = text.IndexOf("\"norm\": ", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text.Insert(norm + 8, "1e999, \"more\": "), TestContext.Current.CancellationToken);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Merger.ReportOf(bench.OutputPath));

        Assert.Equal(DiagnosticCode.ManifestInvalid, fault.Code);
        bench.Passed();
    }

    [Theory]
    [InlineData("\"kept\": { \"tensors\": 1, \"least\": 1e999, \"most\": 1 }")]
    [InlineData("\"kept\": { \"tensors\": 1, \"least\": 1, \"most\": -1e999 }")]
    [InlineData("\"madeRecipes\": { \"output.weight\": null }")]
    public async Task Nor_are_parts_of_a_manifest_that_no_merge_writes(string part)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string file = Path.Combine(bench.OutputPath, MergeManifest.FileName);
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file, text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, part + ","), TestContext.Current.CancellationToken);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Merger.ReportOf(bench.OutputPath));

        Assert.Equal(DiagnosticCode.ManifestInvalid, fault.Code);
        bench.Passed();
    }

    [Fact]
    public async Task A_kept_share_beyond_all_bounds_is_refused_too()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string file = Path.Combine(bench.OutputPath, MergeManifest.FileName);
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        int share = text.IndexOf("\"changedShare\": ", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text.Insert(share, "\"keptShare\": 1e999, "), TestContext.Current.CancellationToken);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Merger.ReportOf(bench.OutputPath));

        Assert.Equal(DiagnosticCode.ManifestInvalid, fault.Code);
        bench.Passed();
    }

    [Fact]
    public void A_model_that_was_not_merged_is_refused()
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Merger.ReportOf(Path.Combine(Sample, "models", "base")));

        Assert.Equal(DiagnosticCode.NoManifestToReport, fault.Code);
        Assert.Contains("give --base and --adapter", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Base_and_adapters_are_not_asked_for_where_they_were_given()
    {
        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => new Merger().ReportAsync(Request("pirate"), Path.Combine(Sample, "models", "base"), CancellationToken.None));

        Assert.Equal(DiagnosticCode.NoManifestToReport, fault.Code);
        Assert.Contains("Leave it out", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--base", fault.Message, StringComparison.Ordinal);
    }

    private static MergeRequest Request(params string[] adapters) =>
        new(Path.Combine(Sample, "models", "base"), [.. adapters.Select(name => new AdapterRequest(Path.Combine(Sample, "adapters", name)))])
        {
            Device = "cpu",
        };

    private static void Equal(double expected, double? found) => Assert.InRange(found!.Value / expected, 1 - 2e-5, 1 + 2e-5); // six digits, float32 sums

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));

    /// <summary>s·B·A in float64.</summary>
    private static double[] Delta(string adapter, string tensor, double scaling)
    {
        string folder = Path.Combine(Sample, "adapters", adapter), module = "base_model.model." + tensor[..^".weight".Length];
        double[] a = Values(folder, module + ".lora_A.weight"), b = Values(folder, module + ".lora_B.weight");
        int rank = 8, rows = b.Length / rank, columns = a.Length / rank;
        double[] delta = new double[rows * columns];
        for (int i = 0; i < delta.Length; i++)
            delta[i] = scaling * Enumerable.Range(0, rank).Sum(k => b[(i / columns * rank) + k] * a[(k * columns) + (i % columns)]);
        return delta;
    }

    private static double[] Values(string folder, string name)
    {
        using SafetensorsReader file = SafetensorsReader.Open(Directory.GetFiles(folder, "*.safetensors").Single());
        TensorEntry entry = file.Header.Tensors.Single(tensor => tensor.Name == name);
        byte[] bytes = new byte[entry.ByteLength];
        file.ReadInto(entry, 0, bytes);
        return entry.DType == DType.F32
            ? [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)]
            : [.. MemoryMarshal.Cast<byte, short>(bytes).ToArray().Select(value => (double)BitConverter.Int32BitsToSingle(value << 16))];
    }
}
