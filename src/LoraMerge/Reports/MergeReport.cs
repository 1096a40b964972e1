using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;

namespace LoraMerge.Reports;

/// <summary>What a merge did, in numbers that people look at: plain data, which is printed as a page or as JSON.</summary>
/// <param name="Source">What the report knows its numbers from.</param>
/// <param name="Manifest">What was made of what; of a merge that was only computed, without the files that it would write.</param>
/// <param name="Model">What holds for the model as a whole.</param>
/// <param name="Tensors">Each changed tensor, in the order of the names.</param>
internal sealed record MergeReport(ReportSource Source, ManifestHead Manifest, ReportedModel Model, ImmutableArray<ReportedTensor> Tensors)
{
    /// <summary>What was read and written, and how long it took; null where nothing ran.</summary>
    public ReportedRun? Run { get; init; }

    /// <summary>What the merge warned of; null where that is not known, as a manifest does not hold it.</summary>
    public ImmutableArray<ReportedWarning>? Warnings { get; init; }

    /// <summary>The same as JSON, for programs.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Indented.MergeReport) + "\n";
}

/// <summary>What the numbers of a report come from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReportSource>))]
internal enum ReportSource
{
    /// <summary>The manifest of a merged model alone: how large changes are against their weights is not in it.</summary>
    Manifest,

    /// <summary>A merge that was measured while it ran.</summary>
    Merge,

    /// <summary>A merge that was computed for the report, and written nowhere.</summary>
    Computation,
}

/// <summary>A manifest without its tensors, which the report lists itself.</summary>
/// <param name="Tool">Version of LoraMerge.Build.</param>
/// <param name="Key">Hash of all that decides the model.</param>
/// <param name="Name">Name of the merged model.</param>
/// <param name="Base">What was merged into.</param>
/// <param name="Adapters">What was merged, in this order.</param>
/// <param name="Options">What was asked of the result.</param>
/// <param name="Files">XxHash128 of each file of the model; empty where none was written.</param>
internal sealed record ManifestHead(
    string Tool,
    string Key,
    string Name,
    ManifestBase Base,
    ImmutableArray<ManifestAdapter> Adapters,
    ImmutableSortedDictionary<string, string> Options,
    ImmutableSortedDictionary<string, string> Files)
{
    /// <summary>SHA-256 of each file, where it was asked for.</summary>
    public ImmutableSortedDictionary<string, string>? Sha256 { get; init; }

    public static ManifestHead Of(MergeManifest manifest) =>
        new(manifest.Tool, manifest.Key, manifest.Name, manifest.Base, manifest.Adapters, manifest.Options, manifest.Files)
        {
            Sha256 = manifest.Sha256,
        };
}

/// <summary>The model as a whole.</summary>
/// <param name="TensorCount">Tensors of the model; null where only the manifest is known.</param>
/// <param name="ElementCount">Their elements.</param>
/// <param name="ByteLength">Bytes of all weights.</param>
internal sealed record ReportedModel(int? TensorCount, long? ElementCount, long? ByteLength)
{
    /// <summary>√Σ‖ΔW‖² / √Σ‖W‖² over the tensors that were measured; null where none was.</summary>
    public double? RelativeChange { get; init; }

    /// <summary>Share of changed elements among all of the changed tensors where that is known.</summary>
    public double? ChangedShare { get; init; }

    /// <summary>Σ⟨ΔW′, ΔW⟩ / Σ‖ΔW‖² over the tensors that were measured.</summary>
    public double? KeptShare { get; init; }
}

/// <summary>A changed tensor. Numbers have six digits: what comes after them differs between machines.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ReplacedBy">Adapter whose values it has; null where the base's were changed.</param>
/// <param name="Deltas">What was applied, in this order.</param>
internal sealed record ReportedTensor(string Name, string? ReplacedBy, ImmutableArray<ReportedDelta> Deltas)
{
    /// <summary>Element type in the merged model, as the file's header spells it.</summary>
    [JsonPropertyName("dtype")]
    public string? DType { get; init; }

    /// <summary>Its shape.</summary>
    public ImmutableArray<long>? Shape { get; init; }

    /// <summary>Elements whose bits differ from the base's, over all.</summary>
    public double? ChangedShare { get; init; }

    /// <summary>‖W‖ of the base.</summary>
    public double? WeightNorm { get; init; }

    /// <summary>‖ΔW‖ of all deltas together, before the result was rounded.</summary>
    public double? DeltaNorm { get; init; }

    /// <summary>‖ΔW‖ / ‖W‖.</summary>
    public double? RelativeChange { get; init; }

    /// <summary>⟨ΔW′, ΔW⟩ / ‖ΔW‖², where ΔW′ is what is left of ΔW when the result is rounded to its dtype: 1 where nothing is lost.</summary>
    public double? KeptShare { get; init; }

    /// <summary>Singular values of ΔW, the largest first; null where it is no sum of low-rank products, or was not computed.</summary>
    public ImmutableArray<double>? SingularValues { get; init; }

    /// <summary>Its elements; null where the shape is not known.</summary>
    [JsonIgnore]
    public long? ElementCount => Shape?.Aggregate(1L, (product, side) => product * side);
}

/// <summary>One adapter's change of one tensor.</summary>
/// <param name="Adapter">Its name; those of several with '+' between.</param>
/// <param name="Method">How it changes the tensor.</param>
/// <param name="Rank">How many directions it has; null where that is not known, or it is no product.</param>
/// <param name="Scaling">The factor on its product or values.</param>
/// <param name="Norm">‖ΔW‖ from its factors; null where the change depends on W.</param>
internal sealed record ReportedDelta(string Adapter, string Method, long? Rank, double Scaling, double? Norm);

/// <summary>What was read and written, and how long it took.</summary>
/// <param name="ReadByteLength">Bytes read from weight files.</param>
/// <param name="WrittenByteLength">Bytes of tensors written; 0 where the merge was only computed.</param>
/// <param name="ComputedTensorCount">Tensors that were computed; an earlier model had the others.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record ReportedRun(long ReadByteLength, long WrittenByteLength, int ComputedTensorCount, double Seconds);

/// <summary>A warning.</summary>
/// <param name="Code">Such as LORA1120.</param>
/// <param name="Text">What it says.</param>
internal sealed record ReportedWarning(string Code, string Text)
{
    /// <summary>Tells on, and keeps the warnings for what is written afterwards.</summary>
    public static Action<MergeEvent> Keeping(Action<MergeEvent> tell, ICollection<ReportedWarning> warnings) => happened =>
    {
        if (happened is MergeEvent.Warning warning)
            warnings.Add(new ReportedWarning(string.Create(CultureInfo.InvariantCulture, $"LORA{(int)warning.Code:D4}"), warning.Text));
        tell(happened);
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MergeReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    public static ReportJson Indented { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // a manifest may say 1e999
        WriteIndented = true,
        NewLine = "\n",
    });
}
