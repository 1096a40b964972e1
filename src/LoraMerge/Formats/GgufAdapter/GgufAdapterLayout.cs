using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Diagnostics;
using LoraMerge.Formats.Gguf;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Layout;
using LoraMerge.Planning;

namespace LoraMerge.Formats.GgufAdapter;

/// <summary>
/// The adapters alone as a GGUF file, which readers put upon the base's own while they run. The plan computes nothing: no weight of the base is read.
/// </summary>
internal sealed class GgufAdapterLayout : GgufFileSet
{
    private const string Head = "output.weight";

    private readonly ImmutableArray<AdapterTensor> _tensors;
    private readonly long _rank;

    private GgufAdapterLayout(LayoutInputs planned, string architecture, ImmutableArray<AdapterTensor> tensors)
    {
        _tensors = tensors;
        _rank = tensors.Max(tensor => tensor.Rank);
        Metadata = Describe(planned, architecture, _rank);
        string name = planned.Inputs.Name + ".gguf";
        var layout = GgufFileLayout.Create(Metadata, tensors.SelectMany(tensor => Entries(tensor, _rank)));
        Files = [new GgufFile(name, layout)];
        Plan = planned.Plan with
        {
            Shards = [new PlannedShard(name, [], ImmutableDictionary<string, string>.Empty)],
            HasIndex = false,
            IndexSource = null,
            SideFiles = [],
            ConfigChanges = [],
        };
    }

    public override MergePlan Plan { get; }

    public override ImmutableArray<GgufFile> Files { get; }

    public override GgufMetadata Metadata { get; }

    public override string? Summary => FormattableString.Invariant($"gguf-adapter: changes of {_tensors.Length} tensors, rank {_rank}");

    /// <summary>Lays the adapters out.</summary>
    /// <exception cref="LoraMergeException">
    /// LORA2076: what they change is no plain low-rank change; LORA2062 to LORA2067: the base cannot be said in GGUF.
    /// </exception>
    public static GgufAdapterLayout Create(LayoutInputs planned)
    {
        Dictionary<string, PlannedTensor.Computed> changes = ChangesOf(planned).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (PlannedTensor.Computed tensor in changes.Values)
            ThrowIfNotLowRank(tensor);
        if (planned.Plan.ConfigChanges is [var changed, ..])
            throw Errors.NoGgufAdapter("config.json", $"\"{changed.Name}\" becomes another", Methods(planned));
        (string architecture, ImmutableArray<LayoutTensor> model) = GgufModelLayout.TensorsOf(planned);
        ImmutableArray<AdapterTensor> tensors =
        [
            .. model.Select(target => new AdapterTensor(target, [.. target.Sources.Select(source => changes.GetValueOrDefault(source.Name))]))
                .Where(tensor => tensor.Sources.Any(source => source is not null)),
        ];
        HashSet<string> told = [.. tensors.SelectMany(tensor => tensor.Target.Sources).Select(source => source.Name)];
        if (changes.Keys.FirstOrDefault(name => !told.Contains(name)) is string untold)
            throw Errors.NoGgufAdapter(untold, "the GGUF model has no such tensor", Methods(planned));
        if (tensors.FirstOrDefault(tensor => tensor.IsEmbedding) is AdapterTensor embedding && !model.Any(tensor => tensor.Name == Head))
            throw Errors.NoGgufAdapter(embedding.Target.Sources[0].Name, "readers take it for the head too, which would change otherwise", Methods(planned));
        foreach (AdapterTensor tensor in tensors.Where(tensor => !IsOfMatrices(tensor)))
            throw Errors.NoGgufAdapter(tensor.Target.Sources[0].Name, $"it is put together anew for '{tensor.Target.Name}'", Methods(planned));
        if (tensors.FirstOrDefault(tensor => !tensor.Target.TakesAdapter) is AdapterTensor alone)
        {
            string reason = $"readers of '{architecture}' compute with '{alone.Target.Name}' and add nothing of an adapter";
            throw Errors.NoGgufAdapter(alone.Target.Sources[0].Name, reason, Methods(planned));
        }

        return new GgufAdapterLayout(planned, architecture, tensors);
    }

    public override string FingerprintOf(string fileName) =>
        Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(Files[0].Layout.HeaderBytes.Span)); // which names the adapters' hashes and weights

    public override GgufBytes BytesOf(MergePlan left, int threads) => new AdapterBytes(Files[0], _tensors, _rank);

    private static void ThrowIfNotLowRank(PlannedTensor.Computed tensor)
    {
        if (tensor.ReplacedBy is not null)
            throw Errors.NoGgufAdapter(tensor.Name, "it is replaced whole", "saved module");
        if (tensor.Changes.FirstOrDefault(change => change is not LowRankChange) is WeightChange other)
            throw Errors.NoGgufAdapter(tensor.Name, "its change is no plain product of two factors", other.Method);
        if (tensor.Shape.Length != 2)
            throw Errors.NoGgufAdapter(tensor.Name, "it is no matrix", tensor.Changes[0].Method);
    }

    private static bool IsOfMatrices(AdapterTensor tensor) =>
        tensor.Steps.All(FactorMatrices.CanFollow) && tensor.Target.Shape.Length == (tensor.IsStacked ? 3 : 2);

    private static IEnumerable<PlannedTensor.Computed> ChangesOf(LayoutInputs planned) => planned.Plan.Tensors.OfType<PlannedTensor.Computed>();

    private static string Methods(LayoutInputs planned) =>
        string.Join(", ", ChangesOf(planned).SelectMany(tensor => tensor.Changes).Select(change => change.Method).Distinct());

    private static IEnumerable<(string, GgufType, ImmutableArray<long>)> Entries(AdapterTensor tensor, long rank)
    {
        (ImmutableArray<long> a, ImmutableArray<long> b) = tensor.Shapes(rank);
        yield return (tensor.Target.Name + ".lora_a", GgufType.F32, a);
        yield return (tensor.Target.Name + ".lora_b", GgufType.F32, b);
    }

    /// <summary>Readers multiply by alpha / rank: scalings and weights are in the factors, so that is one.</summary>
    private static GgufMetadata Describe(LayoutInputs planned, string architecture, long rank)
    {
        var metadata = new GgufMetadata
        {
            { "general.architecture", architecture },
            { "general.type", "adapter" },
            { "adapter.type", "lora" },
            { "adapter.lora.alpha", (float)rank },
        };
        foreach ((string key, GgufValue value) in GgufOrigin.Describe(planned))
            metadata.Add(key, value);
        return metadata;
    }
}
