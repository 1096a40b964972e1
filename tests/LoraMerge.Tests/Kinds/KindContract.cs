using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Inspecting;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds;

/// <summary>What every kind of adapter has to keep. A kind's tests derive from it, and add a builder and the kind's formula.</summary>
public abstract class KindContract
{
    /// <summary>Forms of the weight that a kind may change.</summary>
    private const string Linear = "linear", Transposed = "transposed", Convolution = "convolution";

    /// <summary>A weight of 64 MB, of which a copy would be seen.</summary>
    private const int LargeOutputs = 8000, LargeInputs = 2000;

    /// <summary>The peak of a merge that changes such a weight by next to nothing.</summary>
    private static readonly Lazy<Task<long>> PlainPeak = new(PeakOfPlain);

    protected KindContract() => NativeLibraries.Load(null);

    private protected abstract string PeftType { get; }

    /// <summary>A linear layer, whose weight is <c>[out, in]</c>, with a bias where the kind changes biases.</summary>
    /// <param name="outputs">Rows of the weight; a multiple of 4.</param>
    /// <param name="inputs">Its columns; a multiple of 4.</param>
    private protected abstract KindExample OfLinear(int outputs, int inputs);

    /// <summary>A layer of GPT-2, whose weight is <c>[in, out]</c>; null where the kind has none.</summary>
    private protected virtual KindExample? OfTransposed(int outputs, int inputs) => null;

    /// <summary>A convolution; null where the kind has none.</summary>
    private protected virtual KindExample? OfConvolution() => null;

    [Theory]
    [InlineData(Linear)]
    [InlineData(Transposed)]
    [InlineData(Convolution)]
    public async Task The_result_is_the_formulas(string form)
    {
        KindExample example = Example(form);
        using TinyFolder folder = Folder(example);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        AssertNear(example, merged, adapterWeight: 1);
        folder.Passed();
    }

    [Theory]
    [InlineData(Linear)]
    [InlineData(Transposed)]
    [InlineData(Convolution)]
    public async Task A_weight_of_the_adapter_goes_that_part_of_the_way_from_the_base(string form)
    {
        KindExample example = Example(form);
        using TinyFolder folder = Folder(example, 0.25);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        AssertNear(example, merged, 0.25);
        folder.Passed();
    }

    [Theory]
    [InlineData(Linear)]
    [InlineData(Transposed)]
    [InlineData(Convolution)]
    public void Groups_of_rows_give_what_the_formula_says_and_leave_no_tensor_behind(string form)
    {
        KindExample example = Example(form, outputs: 48, inputs: 16);
        using TinyFolder folder = Folder(example);
        MergePlan plan = GroupedPlan.Of(folder.Plan());
        Assert.Contains(plan.Tensors.OfType<PlannedTensor.Computed>(), tensor => tensor.GroupLength < tensor.Source.ElementCount);
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Dictionary<string, double[]> changed = GroupedPlan.Run(plan);

        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        ImmutableDictionary<string, double[]> expected = example.Expected();
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), changed.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, pair => Matrix.AssertNear(pair.Value, changed[pair.Key]));
        folder.Passed();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_weight_of_another_size_is_refused_with_the_names_of_both(int dimension)
    {
        KindExample example = OfLinear(12, 8);
        ImmutableArray<long> shape = example.Weight.Shape.SetItem(dimension, example.Weight.Shape[dimension] + 4);
        using TinyFolder folder = Folder(example with { Base = example.Base.Replace(example.Weight, Matrix.Of(example.Weight.Name, [.. shape])) });

        LoraMergeException? fault = await folder.Fault();

        if (fault is null)
            Assert.False(TellsSide(dimension), "It was merged.");
        else
            Assert.Contains(example.Module, fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public async Task Every_tensor_that_is_missing_is_named()
    {
        KindExample example = OfLinear(8, 8);
        foreach (Matrix missing in example.Adapter.Where(tensor => !example.Optional.Contains(tensor.Name) && !example.Ignored.Contains(tensor.Name)))
        {
            using TinyFolder folder = Folder(
                example with
                {
                    Adapter = example.Adapter.Length == 1 ? [missing with { Name = "base_model.model.other.weight" }] : example.Adapter.Remove(missing),
                }
            );

            LoraMergeException? fault = await folder.Fault();

            Assert.True(fault is not null, $"It was merged without {missing.Name}.");
            folder.Passed();
        }
    }

    [Fact]
    public async Task A_tensor_too_many_is_named()
    {
        KindExample example = OfLinear(8, 8);
        string surplus =
            example.Adapter[0].Name[..example.Adapter[0].Name.LastIndexOf(example.Module, StringComparison.Ordinal)] + example.Module + ".lora_surplus.weight";
        using TinyFolder folder = Folder(example with { Adapter = example.Adapter.Add(Matrix.Of(surplus, 2, 2)) });

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.AdapterTensorUnknown, fault?.Code);
        Assert.Contains(surplus, fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public void A_tensor_is_made_anew_when_any_number_of_the_adapter_changes()
    {
        KindExample example = OfLinear(8, 8);
        string[] before = Recipes(example);
        foreach (Matrix tensor in example.Adapter)
        {
            string[] after = Recipes(
                example with
                {
                    Adapter = example.Adapter.Replace(tensor, tensor with { Values = [tensor.Values[0] + 1, .. tensor.Values[1..]] }),
                }
            );

            Assert.True(example.Ignored.Contains(tensor.Name) == before.SequenceEqual(after), tensor.Name);
        }
        Assert.Equal(before, Recipes(example));
    }

    [Fact]
    public void It_is_described_in_words()
    {
        using TinyFolder folder = Folder(OfLinear(8, 8));

        Inspection inspection = Merger.Inspect(folder.AdapterFolder);

        Assert.Equal("yes", Fact("can be merged"));
        Assert.Contains(": ", Fact("what"), StringComparison.Ordinal);
        Assert.Contains(OfLinear(8, 8).Module.Split('.')[^1], Fact("in words"), StringComparison.Ordinal);
        folder.Passed();

        string Fact(string name) => Assert.IsType<string>(inspection.Facts.Single(fact => fact.Name == name).Value);
    }

    [Fact]
    public void The_plan_says_what_it_does()
    {
        using TinyFolder folder = Folder(OfLinear(8, 8));

        PlannedTensor.Computed[] changed = [.. folder.Plan().Tensors.OfType<PlannedTensor.Computed>()];

        Assert.All(
            changed,
            tensor => Assert.All(tensor.Changes, change => Assert.Contains("my adapter", change.Describe(_ => "my adapter"), StringComparison.Ordinal))
        );
        folder.Passed();
    }

    [Fact]
    public async Task Memory_stays_within_what_the_plan_says()
    {
        Assert.SkipUnless(IsInProgram, "The program does not know the kind.");
        const long pieces = 4 * PieceSize.Elements * sizeof(double), noise = 25_000_000; // which peaks of one and the same merge differ by
        using TinyFolder folder = Folder(OfLinear(LargeOutputs, LargeInputs));
        long bound = folder.Plan().Tensors.OfType<PlannedTensor.Computed>().Max(tensor => MergeMemory.BytesBesideBuffers(tensor));

        long plain = await PlainPeak.Value, peak = await folder.PeakBytes();

        Assert.True(
            peak <= plain + bound + pieces + noise,
            string.Create(CultureInfo.InvariantCulture, $"{peak / 1e6:0} MB, where {plain / 1e6:0} of the smallest change and {bound / 1e6:0} are the bound")
        );
        folder.Passed();
    }

    /// <summary>Whether the built program knows the kind; what only the tests have it does not.</summary>
    private protected virtual bool IsInProgram => true;

    /// <summary>Whether the kind's tensors tell how many rows (0) or columns (1) the weight of a linear layer has.</summary>
    private protected virtual bool TellsSide(int dimension) => true;

    private KindExample Example(string form, int outputs = 12, int inputs = 8)
    {
        KindExample? example = form switch { Linear => OfLinear(outputs, inputs), Transposed => OfTransposed(outputs, inputs), _ => OfConvolution() };
        Assert.SkipWhen(example is null, $"The kind has no {form} form.");
        return example!;
    }

    private TinyFolder Folder(KindExample example, double adapterWeight = 1) =>
        new TinyFolder(example.Config, [.. example.Base]).With(
            $"\"peft_type\": \"{PeftType}\"{(example.Fields.Length == 0 ? "" : ", ")}{example.Fields}",
            new AdapterRequest("", adapterWeight),
            [.. example.Adapter]
        );

    private static void AssertNear(KindExample example, Dictionary<string, double[]> merged, double adapterWeight)
    {
        ImmutableDictionary<string, double[]> changed = example.Expected();
        foreach (Matrix tensor in example.Base)
        {
            double[] start = tensor.AsDoubles();
            double[] expected = changed.TryGetValue(tensor.Name, out double[]? full)
                ? [.. full.Zip(start, (to, from) => from + (adapterWeight * (to - from)))]
                : start;
            Matrix.AssertNear(expected, merged[tensor.Name]);
        }
    }

    private static async Task<long> PeakOfPlain()
    {
        const string module = "model.layers.0.mlp.up_proj";
        using TinyFolder folder = new TinyFolder("{}", Matrix.Of(module + ".weight", LargeOutputs, LargeInputs))
            .With("", Matrix.Of(module + ".lora_A.weight", 1, LargeInputs), Matrix.Of(module + ".lora_B.weight", LargeOutputs, 1));
        long peak = await folder.PeakBytes();
        folder.Passed();
        return peak;
    }

    private string[] Recipes(KindExample example)
    {
        using TinyFolder folder = Folder(example);
        using var files = new TensorFiles();
        var recipes = new Recipes("cpu", [], files);
        string[] all = [.. folder.Plan().Tensors.OfType<PlannedTensor.Computed>().Select(recipes.Of)];
        folder.Passed();
        return all;
    }
}
