using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Changes;
using LoraMerge.Combinations;
using LoraMerge.Formats;
using LoraMerge.Merging;
using LoraMerge.Requests;

namespace LoraMerge.Manifests;

/// <summary>Writes down what a merge did.</summary>
internal static class ManifestBuilder
{
    public static MergeManifest Build(
        OpenedInputs inputs, ModelLayout layout, IReadOnlyList<TensorOutcome> outcomes, ImmutableArray<HashedInput> hashed,
        IEnumerable<KeyValuePair<string, string>> files, Recipes? recipes)
    {
        MergeRequest request = inputs.Request;
        return new MergeManifest(
            1,
            ToolVersion.Current,
            ModelKey.Compute(ToolVersion.Current, inputs.Options, hashed),
            inputs.Name,
            new ManifestBase(inputs.Checkpoint.Name, request.BaseVersion, FilesOf(hashed, "base")) 
            {
                Origin = ManifestOrigin.Of(request.FetchedBase),
                Sha256 = inputs.Pins.Of(inputs.Snapshot.Roots[0]),
            },
            [.. inputs.Adapters.Select((adapter, i) => new ManifestAdapter(
                adapter.Name, request.Adapters[i].Weight, request.Adapters[i].Version, request.Adapters[i].BaseVersionRange,
                layout.Plan.NameRules[i], FilesOf(hashed, string.Create(CultureInfo.InvariantCulture, $"adapter{i + 1}")))
            {
                Origin = ManifestOrigin.Of(request.Adapters[i].Fetched),
                Sha256 = inputs.Pins.Of(inputs.Snapshot.Roots[i + 1]),
                AdapterVersion = request.Adapters[i].AdapterVersion,
                ExpertLayout = request.Adapters[i].ExpertLayout is { } asked ? ExpertLayouts.NameOf(asked) : null,
            })],
            Options(request),
            outcomes.DistinctBy(outcome => outcome.Tensor.Name).ToImmutableSortedDictionary(
                outcome => outcome.Tensor.Name, outcome => Tensor(outcome, inputs.AdapterNames, recipes?.Of(outcome.Tensor)), StringComparer.Ordinal),
            files.ToImmutableSortedDictionary(StringComparer.Ordinal))
        {
            Kept = KeptOf([.. outcomes.DistinctBy(outcome => outcome.Tensor.Name).Select(outcome => outcome.KeptShare).OfType<double>()]),
            FileRecipes = recipes is null ? null : layout.Plan.Shards.ToImmutableSortedDictionary(
                shard => shard.FileName, shard => recipes.Of(shard, layout.FingerprintOf(shard.FileName)), StringComparer.Ordinal),
            MadeRecipes = recipes is null ? null : NotEmpty(
                layout.Plan.Shards.SelectMany(shard => recipes.OfMade(layout, shard)).ToImmutableSortedDictionary(StringComparer.Ordinal)),
        };
    }

    private static ImmutableSortedDictionary<string, string> FilesOf(ImmutableArray<HashedInput> hashed, string label) =>
        hashed.Where(input => input.Root.Label == label)
            .ToImmutableSortedDictionary(input => input.File.RelativePath, input => input.Hash, StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, string>? NotEmpty(ImmutableSortedDictionary<string, string> map) => map.IsEmpty ? null : map;

    private static ManifestKept? KeptOf(double[] shares) =>
        shares.Length == 0 ? null : new ManifestKept(shares.Length, SixDigits(shares.Min()), SixDigits(shares.Max()));

    private static ImmutableSortedDictionary<string, string> Options(MergeRequest request)
    {
        ImmutableSortedDictionary<string, string>.Builder options = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (request.Format == ModelFormats.Default)
            options["dtype"] = request.DType.ToString();
        else
            (options["format"], options["quantization"]) = (request.Format, request.Quantization);
        AddCombination(options, request.Combination);
        options["device"] = request.Device;
        if (request.MaxShardSize is ByteSize size)
            options["maxShardSize"] = size.Text;
        if (request.WritesModelfile)
            options["modelfile"] = "true";
        if (request.KeepsQuantization)
            options["requantize"] = "keep";
        if (request.AcceptsUnmatched)
            options["onUnmatched"] = "warn";
        return options.ToImmutable();
    }

    private static void AddCombination(ImmutableSortedDictionary<string, string>.Builder options, Combination combination)
    {
        options["combine"] = combination.Way.Text;
        if (combination.Density is Density density)
            options["density"] = density.Text;
        if (combination.Way.ElectsSigns)
            options["majoritySign"] = combination.MajoritySign.Text;
        if (combination.SvdRank is int rank)
            options["svdRank"] = rank.ToString(CultureInfo.InvariantCulture);
        if (combination.Way.PrunesAtRandom)
            options["seed"] = DareDraws.Seed.ToString(CultureInfo.InvariantCulture);
    }

    private static ManifestTensor Tensor(TensorOutcome outcome, ImmutableArray<string> adapterNames, string? recipe) => new(
        outcome.Tensor.ReplacedBy is int adapter ? adapterNames[adapter] : null,
        outcome.ChangedShare is double share ? SixDigits(share) : null,
        [.. outcome.Tensor.Changes.Select((change, i) => Delta(change, outcome.DeltaNorms[i], adapterNames))])
    {
        KeptShare = outcome.KeptShare is double kept ? SixDigits(kept) : null,
        Recipe = recipe,
    };

    private static ManifestDelta Delta(WeightChange change, double? norm, ImmutableArray<string> adapterNames) =>
        new(string.Join(" + ", change.Adapters.Select(adapter => adapterNames[adapter])), change.Method, change.Factor,
            norm is double value && double.IsFinite(value) ? SixDigits(value) : null)
        {
            Sources = change is CombinedChange combined
                ? [.. combined.Sources.Select(source => new ManifestSource(adapterNames[source.Adapter], source.AdapterWeight, source.Factors.Scaling))]
                : null,
        };

    /// <summary>Sums of floating-point numbers differ in their last digits between machines; these digits say nothing.</summary>
    private static double SixDigits(double value) =>
        double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
