using System.Collections.Immutable;
using LoraMerge.Combinations;
using LoraMerge.Comparing;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Combinations;

public sealed class CombinedMergeTests
{
    private static readonly AdapterRequest s_first = new(AdapterOf("combo-cat-different-ranks", "adapter-0"), 0.7); // q_proj and v_proj, rank 4
    private static readonly AdapterRequest s_second = new(AdapterOf("combo-linear", "adapter-1"), -0.4); // q_proj and v_proj, rank 4
    private static readonly AdapterRequest s_wide = new(AdapterOf("combo-cat-different-ranks", "adapter-1"), 0.5); // rank 8
    private static readonly AdapterRequest s_everywhere = new(AdapterOf("lora-llama-float32", "adapter"), 1); // all projections, rank 4

    public static TheoryData<string> Ways => [.. Enum.GetValues<CombinationWay>().Select(way => way.Text).Where(name => name != "sequential")];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Threads_change_no_byte(string name)
    {
        using var folder = new TestFolder();
        MergeRequest request = Request(How(name, density: 0.5), s_first, s_second);

        MergeResult one = await Merge(request with { Threads = 1 }, folder["one"]);
        MergeResult two = await Merge(request with { Threads = 2 }, folder["two"]);

        Assert.Equal(one.Manifest.Files, two.Manifest.Files);
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task One_adapter_is_merged_as_it_was_trained_in_every_way(string name)
    {
        using var folder = new TestFolder();
        await Merge(Request(Combination.Sequential, s_first), folder["sequential"]);

        ModelComparison comparison = await new Merger().VerifyAsync(Request(How(name, density: null), s_first), folder["sequential"], CancellationToken.None);

        Assert.All(comparison.Differences, difference => Assert.InRange(difference.LargestUlps, 0, 1));
        folder.Passed();
    }

    [Fact]
    public async Task Cat_is_sequential_in_other_words()
    {
        using var folder = new TestFolder();
        ImmutableArray<AdapterRequest> adapters = [s_first, s_wide, s_everywhere];
        await Merge(Request(Combination.Sequential, adapters), folder["sequential"]);

        ModelComparison comparison = await new Merger().VerifyAsync(Request(How("cat"), adapters), folder["sequential"], CancellationToken.None);

        Assert.All(comparison.Differences, difference => Assert.InRange(difference.LargestUlps, 0, 1));
        folder.Passed();
    }

    [Fact]
    public async Task Adapters_with_rsLoRA_keep_their_own_scaling()
    {
        using var folder = new TestFolder();
        ImmutableArray<AdapterRequest> adapters = [new(AdapterOf("rslora", "adapter")), new(AdapterOf("rank-alpha-pattern", "adapter"), 0.5)];
        MergeRequest request = Request(Combination.Sequential, adapters) with
        {
            BaseModel = GoldenCase.Open("rslora").BaseFolder,
            DType = new OutputDType(Safetensors.DType.F32),
        };
        await Merge(request, folder["sequential"]);

        ModelComparison comparison = await new Merger().VerifyAsync(request with { Combination = How("cat") }, folder["sequential"], CancellationToken.None);

        Assert.All(comparison.Differences, difference => Assert.InRange(difference.LargestUlps, 0, 1));
        folder.Passed();
    }

    [Fact]
    public async Task The_manifest_says_how_and_from_which_seed()
    {
        using var folder = new TestFolder();

        MergeResult result = await Merge(
            Request(How("dare_ties", density: 0.25) with { MajoritySign = MajoritySign.Frequency }, s_first, s_second),
            folder["merged"]
        );

        MergeManifest manifest = MergeManifest.Read(Path.Combine(result.Folder, MergeManifest.FileName));
        Assert.Equal("dare_ties", manifest.Options["combine"]);
        Assert.Equal("0.25", manifest.Options["density"]);
        Assert.Equal("frequency", manifest.Options["majoritySign"]);
        Assert.Equal("0", manifest.Options["seed"]);
        ManifestDelta delta = Assert.Single(manifest.Tensors["model.layers.0.self_attn.q_proj.weight"].Deltas);
        Assert.Equal([new ManifestSource("adapter-0", 0.7, 2), new ManifestSource("adapter-1", -0.4, 2)], delta.Sources!.Value);
        folder.Passed();
    }

    [Fact]
    public void Only_adapters_that_change_a_module_take_part_in_it()
    {
        MergePlan plan = Plan(Request(How("linear"), s_first, s_everywhere));

        Dictionary<string, CombinedChange> deltas = plan.Tensors.OfType<PlannedTensor.Computed>()
            .ToDictionary(tensor => tensor.Name, tensor => (CombinedChange)Assert.Single(tensor.Changes));
        Assert.Equal([0, 1], deltas["model.layers.0.self_attn.q_proj.weight"].Adapters);
        Assert.Equal([1], deltas["model.layers.0.mlp.up_proj.weight"].Adapters);
    }

    [Fact]
    public void The_rank_of_the_svd_ways_is_the_largest_of_the_adapters_unless_given()
    {
        Combination own = Plan(Request(How("svd"), s_first, s_wide)).Combination;
        Combination given = Plan(Request(How("svd") with { SvdRank = 3 }, s_first, s_wide)).Combination;

        Assert.Equal(8, own.SvdRank);
        Assert.Equal(3, given.SvdRank);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("ties")]
    [InlineData("dare_linear")]
    [InlineData("dare_ties")]
    [InlineData("magnitude_prune")]
    public void Different_ranks_are_refused_where_factors_are_combined(string name)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Plan(Request(How(name, density: 0.5), s_first, s_wide)));

        Assert.Equal(DiagnosticCode.CombinationRanksDiffer, fault.Code);
        Assert.Contains("rank 8", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ties")]
    [InlineData("ties_svd")]
    [InlineData("dare_linear")]
    [InlineData("dare_ties_svd")]
    [InlineData("magnitude_prune")]
    public void A_way_that_prunes_asks_for_a_density(string name)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Plan(Request(How(name), s_first, s_second)));

        Assert.Equal(DiagnosticCode.CombinationDensityMissing, fault.Code);
    }

    [Theory]
    [InlineData("ties", -0.1)]
    [InlineData("ties", 1.5)]
    [InlineData("ties", double.NaN)]
    [InlineData("dare_linear", 0)]
    public void A_density_that_is_no_share_is_refused(string name, double density)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Plan(Request(How(name, density), s_first, s_second)));

        Assert.Equal(DiagnosticCode.ArgumentInvalid, fault.Code);
    }

    [Fact]
    public void An_SVD_rank_below_1_is_refused()
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Plan(Request(How("svd") with { SvdRank = 0 }, s_first, s_second)));

        Assert.Equal(DiagnosticCode.ArgumentInvalid, fault.Code);
    }

    [Fact]
    public async Task Density_0_prunes_everything_and_leaves_the_base()
    {
        using var folder = new TestFolder();

        MergeResult result = await Merge(Request(How("ties_svd", density: 0), s_first, s_second), folder["merged"]);

        Assert.All(result.Manifest.Tensors.Values, tensor => Assert.Equal(0, tensor.ChangedShare));
        folder.Passed();
    }

    [Theory]
    [InlineData("modules-to-save-head")]
    [InlineData("trainable-tokens")]
    public void What_is_no_low_rank_product_is_refused_instead_of_lost(string golden)
    {
        MergeRequest request = Request(How("cat"), new AdapterRequest(AdapterOf("rslora", "adapter")), new AdapterRequest(AdapterOf(golden, "adapter")))
            with { BaseModel = GoldenCase.Open(golden).BaseFolder };

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Plan(request));

        Assert.Equal(DiagnosticCode.CombinationNeedsPlainLora, fault.Code);
    }

    [Fact]
    public void Trained_biases_are_refused_instead_of_lost()
    {
        var adapter = new AdapterRequest(AdapterOf("lora-bias", "adapter"));
        MergeRequest request = Request(How("linear"), adapter, adapter) with { BaseModel = GoldenCase.Open("lora-bias").BaseFolder };

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => Plan(request));

        Assert.Equal(DiagnosticCode.CombinationNeedsPlainLora, fault.Code);
    }

    [Fact]
    public void An_option_that_changes_nothing_is_named_in_a_warning()
    {
        MergePlan plan = Plan(Request(How("linear", density: 0.5) with { MajoritySign = MajoritySign.Frequency, SvdRank = 2 }, s_first, s_second));

        Assert.Equal(3, plan.Notes.OfType<MergeEvent.Warning>().Count(warning => warning.Code == DiagnosticCode.CombinationOptionUnused));
    }

    [Fact]
    public void Whole_products_are_in_the_memory_of_the_plan()
    {
        long low = new Merger().Plan(Request(How("ties", density: 0.5), s_first, s_second)).MemoryBytes;
        long whole = new Merger().Plan(Request(How("ties_svd", density: 0.5), s_first, s_second)).MemoryBytes;

        Assert.True(whole > low, $"{whole} > {low}");
    }

    private static Combination How(string name, double? density = null)
    {
        Assert.True(CombinationWays.TryParse(name, out CombinationWay way));
        return new Combination(way) { Density = density is double share ? Density.Of(share) : null };
    }

    private static MergeRequest Request(Combination how, params ImmutableArray<AdapterRequest> adapters) =>
        new(GoldenCase.Open("combo-linear").BaseFolder, adapters) { Combination = how, Device = "cpu" };

    private static MergePlan Plan(MergeRequest request) => new Merger().Plan(request).Plan;

    private static Task<MergeResult> Merge(MergeRequest request, string output) => new Merger().MergeAsync(request, output, CancellationToken.None);

    private static string AdapterOf(string golden, string adapter) => Path.Combine(GoldenCase.Root, golden, adapter);
}
