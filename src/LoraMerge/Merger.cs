using System.Reflection;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Checkpoints;
using LoraMerge.Comparing;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
using LoraMerge.Formats.Gguf;
using LoraMerge.Inspecting;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Output;
using LoraMerge.Planning;
using LoraMerge.Quantized;
using LoraMerge.Reports;
using LoraMerge.Requests;
using LoraMerge.Store;
using LoraMerge.Writing;

namespace LoraMerge;

/// <summary>The front door of the engine: inspect, plan, merge, verify, diff. The one place that composes the rooms.</summary>
public sealed class Merger
{
    private readonly Action<MergeEvent> _report;

    /// <param name="report">Told what happens; called by one thread at a time.</param>
    public Merger(Action<MergeEvent>? report = null) => _report = report ?? (_ => { });

    /// <summary>Version of LoraMerge.Build.</summary>
    public static string Version { get; } =
        typeof(Merger).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Says what an adapter, a base model or a merged model is.</summary>
    /// <exception cref="LoraMergeException">It is none of them, or unsound.</exception>
    public static Inspection Inspect(string path) => Inspect(path, fetched: null);

    /// <inheritdoc cref="Inspect(string)"/>
    internal static Inspection Inspect(string path, FetchedInput? fetched) => Inspection.Of(path, fetched);

    /// <summary>Decides what a merge would do; reads headers only.</summary>
    /// <exception cref="LoraMergeException">A fault of the request or its inputs.</exception>
    public PlannedMerge Plan(MergeRequest request)
    {
        OpenedInputs inputs = OpenedInputs.Open(request);
        MergePlan plan = inputs.Plan();
        ModelLayout layout = LayOutAndReport(inputs, plan, InputHashes.None);
        return new PlannedMerge(inputs.Checkpoint.Name, inputs.AdapterNames, plan, layout, ModelWriter.MemoryBytes(layout, request.MaxMemory));
    }

    /// <summary>The key that a build's store would have for the merged model; reads all files of the inputs.</summary>
    /// <returns>32 hexadecimal digits.</returns>
    /// <exception cref="LoraMergeException">A fault of the request or its inputs.</exception>
    public static string KeyOf(MergeRequest request, CancellationToken cancellation)
    {
        OpenedInputs inputs = OpenedInputs.Open(request);
        return ModelKey.Compute(ToolVersion.Current, inputs.Options, InputHashes.None.Complete(inputs.Snapshot.Roots, cancellation));
    }

    /// <summary>Merges into a folder, whole or not at all.</summary>
    /// <exception cref="LoraMergeException">A fault of the request, its inputs or the folder.</exception>
    public async Task<MergeResult> MergeAsync(MergeRequest request, string outputFolder, CancellationToken cancellation)
    {
        OpenedInputs inputs = OpenedInputs.Open(request);
        InputHashes known = LayoutInputs.HashNamed(inputs, InputHashes.None, cancellation);
        ModelLayout layout = LayOutAndReport(inputs, inputs.Plan(), known);
        using IModelDestination destination = OutputFolder.Create(outputFolder, [request.BaseModel, .. request.Adapters.Select(adapter => adapter.Path)]);
        return await Task.Run(() => new ModelWriter(inputs, layout, _report).Write(destination, known, earlier: null, cancellation), cancellation);
    }

    /// <summary>Makes a plain model of a quantised one, whole or not at all.</summary>
    /// <param name="request">Names no adapters.</param>
    /// <param name="outputFolder">Where the plain model goes.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="LoraMergeException">A fault of the request, the base or the folder.</exception>
    public Task<MergeResult> DequantizeAsync(MergeRequest request, string outputFolder, CancellationToken cancellation) =>
        MergeAsync(request with { Adapters = [], OnlyDequantizes = true }, outputFolder, cancellation);

    /// <summary>
    /// Merges into the store of a build, unless the store has the model already. What was measured is kept beside the entry, for those who find it there.
    /// </summary>
    /// <exception cref="LoraMergeException">A fault of the request, its inputs or the store.</exception>
    internal Task<MergeResult> MergeIntoStoreAsync(MergeRequest request, StoreRequest into, CancellationToken cancellation)
    {
        List<ReportedWarning> warnings = [];
        var noting = new Merger(ReportedWarning.Keeping(_report, warnings));
        return new StoreMerge(request, into, _report).RunAsync(
            (inputs, known, destination, earlier) =>
            {
                known = LayoutInputs.HashNamed(inputs, known, cancellation);
                ModelLayout layout = noting.LayOutAndReport(inputs, inputs.Plan(), known);
                MergeResult result = new ModelWriter(inputs, layout, noting._report).Write(destination, known, earlier, cancellation);
                if (request.IsMeasured)
                    ReportFile.Keep(ReportOf(result, warnings), EntryPlace.For(Path.GetFullPath(into.Store), result.Manifest.Name, result.Manifest.Key));
                return result;
            },
            cancellation);
    }

    /// <summary>Computes a merged model again and compares it with the one in a folder.</summary>
    /// <exception cref="LoraMergeException">A fault of the request, its inputs or the folder.</exception>
    public async Task<ModelComparison> VerifyAsync(MergeRequest request, string mergedModel, CancellationToken cancellation)
    {
        OpenedInputs inputs = OpenedInputs.Open(request);
        InputHashes known = LayoutInputs.HashNamed(inputs, InputHashes.None, cancellation);
        ModelLayout layout = LayOutAndReport(inputs, inputs.Plan(), known);
        using IComparedModel merged = ComparedModels.Open(inputs, layout, mergedModel);
        return await Task.Run(() => ModelVerifier.Compare(inputs, layout, merged, known, cancellation), cancellation);
    }

    /// <summary>Computes a merge and measures it; writes no model.</summary>
    /// <param name="request">What to merge.</param>
    /// <param name="mergedModel">A merged model that was made of it; null where there is none yet.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="LoraMergeException">A fault of the request or its inputs; LORA5050, LORA5051.</exception>
    internal async Task<MergeReport> ReportAsync(MergeRequest request, string? mergedModel, CancellationToken cancellation)
    {
        MergeManifest? merged = mergedModel is null ? null : ManifestOf(mergedModel, hasInputs: true);
        List<ReportedWarning> warnings = [];
        var measuring = new Merger(ReportedWarning.Keeping(_report, warnings));
        OpenedInputs inputs = OpenedInputs.Open(request);
        InputHashes known = LayoutInputs.HashNamed(inputs, InputHashes.None, cancellation);
        ModelLayout layout = measuring.LayOutAndReport(inputs, inputs.Plan(), known);
        MergeReport report = await Task.Run(() => ReportedMerge.Compute(inputs, layout, known, measuring._report, cancellation), cancellation);
        if (merged is not null && merged.Key != report.Manifest.Key)
            throw Errors.ReportOfOtherModel(mergedModel!, merged.Key, report.Manifest.Key);
        return report with { Manifest = merged is null ? report.Manifest : ManifestHead.Of(merged), Warnings = [.. warnings] };
    }

    /// <summary>What the manifest of a merged model knows.</summary>
    /// <exception cref="LoraMergeException">LORA1107, LORA5051, LORA6050, or it is unsound.</exception>
    internal static MergeReport ReportOf(string mergedModel)
    {
        MergeManifest manifest = ManifestOf(mergedModel, hasInputs: false);
        return ReportBuilder.Of(manifest, GgufFiles.Find(mergedModel) is null ? BaseModels.Open(mergedModel) : null);
    }

    /// <summary>What a merge of this process did; where the store had the model already, what its manifest knows.</summary>
    /// <param name="result">Of a request that <see cref="MergeRequest.IsMeasured"/>.</param>
    /// <param name="warnings">What it warned of.</param>
    internal static MergeReport ReportOf(MergeResult result, IEnumerable<ReportedWarning> warnings) => result.Plan is not MergePlan plan
        ? ReportOf(result.Folder)
        : ReportBuilder.Of(ReportSource.Merge, result.Manifest, plan, result.ByteLength, result.Outcomes) with
        {
            Run = new ReportedRun(
                result.ReadByteLength, result.WrittenByteLength, result.ComputedTensorCount, Math.Round(result.Elapsed.TotalSeconds, 2)),
            Warnings = [.. warnings],
        };

    /// <summary>Says in which tensors and files two models differ, and by how much.</summary>
    /// <exception cref="LoraMergeException">One of them is no model, or unsound.</exception>
    public static Task<ModelDiff> DiffAsync(string first, string second, CancellationToken cancellation) =>
        DiffAsync(first, null, second, null, cancellation);

    /// <inheritdoc cref="DiffAsync(string, string, CancellationToken)"/>
    internal static Task<ModelDiff> DiffAsync(
        string first, FetchedInput? fetchedFirst, string second, FetchedInput? fetchedSecond, CancellationToken cancellation) =>
        Task.Run(() => ComparedModels.Diff(first, fetchedFirst, second, fetchedSecond, cancellation), cancellation);

    private static MergeManifest ManifestOf(string mergedModel, bool hasInputs)
    {
        if (!InputListing.IsThere(mergedModel))
            throw Errors.PathNotFound("merged model", mergedModel);
        string file = MergeManifest.PathIn(mergedModel);
        return InputListing.IsThere(file) ? MergeManifest.Read(file) : throw Errors.NoManifestToReport(mergedModel, MergeManifest.FileName, hasInputs);
    }

    private ModelLayout LayOutAndReport(OpenedInputs inputs, MergePlan plan, InputHashes known)
    {
        ModelLayout layout = LayoutInputs.LayOut(inputs, plan, known);
        if (inputs.Checkpoint.Form is StoredForm form && !inputs.Request.KeepsQuantization && layout.Plan.Tensors.Any())
        {
            OutputDType dtype = inputs.Request.DType.Forced is null ? new OutputDType(form.DType) : inputs.Request.DType;
            _report(Notes.BaseIsDequantized(form, inputs.Request.Format == ModelFormats.Default ? dtype.ToString() : null));
        }
        foreach (MergeEvent note in plan.Notes.Concat(MissingFiles.Of(inputs.Checkpoint, plan.SideFiles)).Concat(layout.Notes))
            _report(note);
        if (inputs.Request.MaxMemory is long limit && ModelWriter.MemoryBytes(layout, limit) is var held && held > limit)
            _report(Notes.MemoryLimitTooLow(limit, held));
        return layout;
    }
}
