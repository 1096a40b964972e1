using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Tests;
using LoraMerge.Manifests;
using LoraMerge.Quantized;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Store;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Quantized;

/// <summary>Bases that stay quantised: what no adapter touches keeps its bytes, the rest is quantised again.</summary>
public sealed partial class RequantizeTests
{
    private static readonly string[] s_reordered = ["gptq-v1-4bit-actorder", "ct-w4a16-actorder-group"];

    public static TheoryData<string> Cases => [.. PackedBase.Names.Where(name => !s_reordered.Contains(name))];

    public static TheoryData<string> Reordered => [.. s_reordered];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_base_stays_in_its_form(string name)
    {
        using var folder = new TestFolder();
        PackedBase.Unpack(name, folder["case"]);
        GoldenCase golden = GoldenCase.At(folder["case"]);
        MergeRequest request = golden.Request() with { KeepsQuantization = true };
        List<string> said = [];

        await new Merger(happened => said.Add(happened is MergeEvent.Information information ? information.Text : happened.ToString()))
            .MergeAsync(request, folder["kept"], CancellationToken.None);
        await new Merger().MergeAsync(request with { KeepsQuantization = false, DType = PlainOf("float32") }, folder["plain"], CancellationToken.None);
        var comparison = await new Merger().VerifyAsync(request, folder["kept"], CancellationToken.None);

        Assert.True(comparison.IsEqual,
            string.Join('\n', comparison.Differences.Select(difference => difference.ToString()).Concat(comparison.Manifest)
            .Concat(comparison.Files.Select(file => file.ToString()))));
        Dictionary<string, StoredTensor> before = TensorTable.Headers(golden.BaseFolder), after = TensorTable.Headers(folder["kept"]);
        Assert.Equal(before.Values.Select(Form).Order(), after.Values.Select(Form).Order());
        Checkpoint ofBase = BaseModels.Open(golden.BaseFolder), kept = BaseModels.Open(folder["kept"]), plain = BaseModels.Open(folder["plain"]);
        Assert.Equal(ofBase.Form, kept.Form);
        using var files = new TensorFiles();
        List<double> shares = [];
        foreach (QuantizedTensor tensor in kept.Tensors.OfType<QuantizedTensor>())
        {
            ofBase.TryFind(tensor.Name, out TensorSource? source);
            plain.TryFind(tensor.Name, out TensorSource? merged);
            double[] old = PackedBase.Values(source!.WideEnoughFor(DType.F64), files), made = PackedBase.Values(tensor.WideEnoughFor(DType.F64), files);
            double[] wanted = TensorTable.Values((StoredTensor)merged!);
            double square = old.Zip(wanted).Sum(pair => Math.Pow(pair.Second - pair.First, 2));
            if (square < 1e-12 * old.Sum(value => value * value))
            {
                Assert.Equal(source.Parts.Select(TensorTable.Bytes), tensor.Parts.Select(TensorTable.Bytes));
                continue;
            }
            shares.Add(Enumerable.Range(0, old.Length).Sum(i => (made[i] - old[i]) * (wanted[i] - old[i])) / square);
            double error = Math.Sqrt(made.Zip(wanted).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / wanted.Sum(value => value * value));
            Assert.True(error < Tolerance(name), $"{tensor.Name} is off by {error:0.000}");
        }
        Match line = Survived.Match(string.Join('\n', said));
        Assert.Equal(shares.Count > 0, line.Success); // one adapter touches plain weights only
        if (line.Success)
        {
            Assert.Equal(shares.Min(), double.Parse(line.Groups["least"].Value, CultureInfo.InvariantCulture), 0.002);
            Assert.Equal(shares.Max(), double.Parse(line.Groups["most"].Value, CultureInfo.InvariantCulture), 0.002);
        }
        MergeManifest manifest = MergeManifest.Read(Path.Combine(folder["kept"], MergeManifest.FileName));
        double[] written = [.. manifest.Tensors.Values.Select(tensor => tensor.KeptShare).OfType<double>()];
        Assert.Equal(shares.Count, written.Length);
        Assert.All(shares.Order().Zip(written.Order()), pair => Assert.Equal(pair.First, pair.Second, 0.002));
        Assert.Equal(shares.Count > 0 ? new ManifestKept(written.Length, written.Min(), written.Max()) : null, manifest.Kept);
        Assert.Equal(shares.Any(share => share < 0.9), said.Any(text => text.Contains("DeltaLost", StringComparison.Ordinal)));
        Assert.Equal(FilesBeside(golden.BaseFolder), FilesBeside(folder["kept"]).Where(file => file != "lora-merge.json"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(golden.BaseFolder, "config.json")), File.ReadAllBytes(Path.Combine(folder["kept"], "config.json")));
        folder.Passed();
    }

    [Fact]
    public async Task What_is_left_of_the_deltas_is_said_of_files_that_are_taken_over_too()
    {
        using var folder = new TestFolder();
        PackedBase.Unpack("bnb-nf4", folder["case"]);
        MergeRequest request = GoldenCase.At(folder["case"]).Request() with { KeepsQuantization = true };
        var store = new StoreRequest(folder["store"], folder["state"], NewerThan: null);

        MergeResult first = await new Merger().MergeIntoStoreAsync(request, store, CancellationToken.None);
        MergeResult again = await new Merger().MergeIntoStoreAsync(request with { BaseVersion = "2" }, store, CancellationToken.None);

        Assert.Equal(0, again.ComputedTensorCount);
        Assert.NotNull(first.Manifest.Kept);
        Assert.Equal(first.Manifest.Kept, again.Manifest.Kept);
        Assert.Equal(first.Manifest.Tensors.Values.Select(tensor => tensor.KeptShare), again.Manifest.Tensors.Values.Select(tensor => tensor.KeptShare));
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Reordered))]
    public async Task Columns_in_an_order_of_their_own_cannot_be_quantised_again(string name)
    {
        using var folder = new TestFolder();
        PackedBase.Unpack(name, folder["case"]);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => new Merger().MergeAsync(
            GoldenCase.At(folder["case"]).Request() with { KeepsQuantization = true }, folder["kept"], CancellationToken.None));

        Assert.Equal(DiagnosticCode.RequantizeImpossible, fault.Code);
        Assert.Contains("act-order", fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public async Task A_plain_base_has_no_form_to_keep_which_is_said()
    {
        using var bench = new Workbench();

        CommandLineRun run = await bench.RunAsync("--requantize", "keep");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(
            $"warning LORA2114: Requantize=\"keep\" does nothing: the base '{bench.Base}' is not quantised", run.Output + run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_GGUF_file_cannot_be_kept_as_it_is()
    {
        using var folder = new TestFolder();
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", folder.Path);

        CommandLineRun run = await CommandLineRun.Of(
            "merge", "--base", folder["base/model.gguf"], "--adapter", folder["adapter"], "--output", folder["kept"], "--requantize", "keep");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error LORA2112", run.Error, StringComparison.Ordinal);
        folder.Passed();
    }

    [Theory]
    [InlineData("--dtype", "float32")]
    [InlineData("--max-shard-size", "1MB")]
    [InlineData("--format", "gguf")]
    public async Task What_contradicts_a_form_that_is_kept_is_refused(string option, string value)
    {
        using var folder = new TestFolder();
        PackedBase.Unpack("bnb-nf4", folder["case"]);

        CommandLineRun run = await CommandLineRun.Of(
            "merge", "--base", folder["case/base"], "--adapter", folder["case/adapter"], "--output", folder["kept"], "--requantize", "keep", option, value);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error LORA2074", run.Error, StringComparison.Ordinal);
        folder.Passed();
    }

    private static string Form(StoredTensor tensor) => $"{tensor.Name} {tensor.DType} {tensor.ShapeText}";

    private static string[] FilesBeside(string folder) =>
        [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Where(file => !file.EndsWith(".safetensors", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];

    private static Planning.OutputDType PlainOf(string text) => Planning.OutputDType.TryParse(text, out Planning.OutputDType dtype) ? dtype
        : throw new ArgumentException(text);

    /// <summary>Of the root of the mean square: about the step of the form over the spread of its values.</summary>
    private static double Tolerance(string name) => name switch
    {
        _ when name.Contains("2bit", StringComparison.Ordinal) => 0.6,
        _ when name.Contains("3bit", StringComparison.Ordinal) || name.Contains("w3", StringComparison.Ordinal) => 0.3,
        _ when name.Contains("int8", StringComparison.Ordinal) || name.Contains("8bit", StringComparison.Ordinal) => 0.02,
        _ when name.Contains("fp8", StringComparison.Ordinal) => 0.05,
        _ => 0.16,
    };

    [GeneratedRegex("Quantised again: (?<least>[-0-9.]+) to (?<most>[-0-9.]+) of each delta survived")]
    private static partial Regex Survived { get; }
}
