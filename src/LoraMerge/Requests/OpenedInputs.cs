using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Dialects;
using LoraMerge.Planning;
using LoraMerge.Quantized;

namespace LoraMerge.Requests;

/// <summary>A request with its base model and adapters opened: headers and configurations, no tensor bytes.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Snapshot">The files as they were before they were opened.</param>
/// <param name="Checkpoint">The base model.</param>
/// <param name="Adapters">The adapters, in order.</param>
internal sealed record OpenedInputs(MergeRequest Request, InputSnapshot Snapshot, Checkpoint Checkpoint, ImmutableArray<Adapter> Adapters)
{
    /// <summary>The SHA-256 that the user pinned files to. Files are held to them while they are read, and before anything is put into place.</summary>
    public InputPins Pins { get; private init; } = InputPins.None;

    /// <summary>Name of the merged model.</summary>
    public string Name => Request.Name ?? Checkpoint.Name;

    public ImmutableArray<string> AdapterNames => [.. Adapters.Select(adapter => adapter.Name)];

    /// <summary>What decides the result besides the inputs' bytes.</summary>
    public ModelOptions Options => new()
    {
        Name = Name,
        BaseName = Request.FetchedBase?.Name ?? ModelOptions.NameOf(Request.BaseModel, Snapshot.Roots[0].IsFile),
        BaseOrigin = Request.FetchedBase?.Origin,
        Values = RequestWords.Of(Request),
        Adapters = [.. Request.Adapters.Select(
            (adapter, i) => new AdapterOptions(
                adapter.Fetched?.Name ?? ModelOptions.NameOf(adapter.Path, Snapshot.Roots[i + 1].IsFile), RequestWords.Of(adapter))
            {
                Origin = adapter.Fetched?.Origin,
            })],
    };

    /// <exception cref="LoraMergeException">LORA1101, 1104, 1105, 1107, 1110, 2xxx, 3xxx, 7061, 7062.</exception>
    public static OpenedInputs Open(MergeRequest request)
    {
        ThrowIfUnsound(request);
        VersionRanges.ThrowIfUnsatisfied(request);
        ThrowIfNotThere(request);
        // Before any header is read: a file that is replaced in between is noticed when the merge ends.
        InputSnapshot snapshot = InputSnapshot.Take(request);
        List<LoraMergeException> faults = [];
        Checkpoint? checkpoint = Open(request.BaseModel, path => BaseModels.Open(path, snapshot.Roots[0], mayKeepNames: request.OnlyDequantizes), faults);
        Adapter?[] adapters =
        [
            .. request.Adapters.Select((asked, i) =>
                Open(asked.Path, path => AdapterDialects.Open(AdapterSource.Of(path, snapshot.Roots[i + 1]), asked.AdapterVersion), faults)),
        ];
        if (request.OnlyDequantizes && checkpoint is { Form: null })
            faults.Add(QuantizedErrors.BaseIsPlain(request.BaseModel));
        if (faults.Count > 0)
            throw Errors.All(faults);
        var opened = new OpenedInputs(request, snapshot, checkpoint!, [.. adapters.Select(adapter => adapter!)]);
        // Files are named after it, and a Modelfile holds it in a line.
        if (!request.OnlyDequantizes && opened.Name.Any(char.IsControl))
            throw Errors.ArgumentInvalid("The name of the base, which the merged model would have,", opened.Name, "one without control characters, or --name");
        return opened with { Pins = InputPins.Of(request, snapshot, opened.Checkpoint, opened.Adapters) };
    }

    private static void ThrowIfNotThere(MergeRequest request)
    {
        IEnumerable<(string What, string Path)> named = [("base model", request.BaseModel), .. request.Adapters.Select(adapter => ("adapter", adapter.Path))];
        LoraMergeException[] missing = [.. named.Where(input => !InputListing.IsThere(input.Path))
            .Select(input => Errors.PathNotFound(input.What, input.Path))];
        if (missing.Length > 0)
            throw Errors.All([.. missing]);
    }

    /// <summary>What is wrong with one input hides nothing of the others.</summary>
    private static T? Open<T>(string path, Func<string, T> open, List<LoraMergeException> faults)
        where T : class
    {
        try
        {
            InputKind.ThrowIfForeign(path);
            return open(path);
        }
        catch (LoraMergeException fault)
        {
            faults.Add(fault);
            return null;
        }
    }

    /// <summary>What does not depend on any file.</summary>
    private static void ThrowIfUnsound(MergeRequest request)
    {
        if (request.Adapters.IsDefaultOrEmpty && !request.OnlyDequantizes)
            throw Errors.NoAdapters(request.BaseModel);
        // The store makes a folder of the name.
        if (request.Name is string name && (name.Trim().Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\\') || name.Any(char.IsControl)))
            throw Errors.ArgumentInvalid("The name of the merged model", name, "a name that a folder can have");
        foreach (AdapterRequest adapter in request.Adapters)
        {
            if (!double.IsFinite(adapter.Weight))
                throw Errors.ArgumentInvalid(
                    $"The weight of adapter '{adapter.Path}'",
                    adapter.Weight.ToString(CultureInfo.InvariantCulture),
                    "a finite number"
                );
        }
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA1101, LORA4001 to 4015, LORA4030 to 4032.</exception>
    public MergePlan Plan() => MergePlanner.Plan(
        Checkpoint,
        [.. Adapters.Zip(Request.Adapters, (adapter, asked) => new PlannedAdapter(adapter, asked.Weight) { ExpertLayout = asked.ExpertLayout })],
        new PlanOptions(Request.DType, Request.MaxShardSize?.Bytes, Request.AcceptsUnmatched)
        {
            Combination = Request.Combination,
            KeepsQuantization = Request.KeepsQuantization,
        });
}
