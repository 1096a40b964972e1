using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Manifests;

/// <summary>lora-merge.json: what a merged model was made of and what was done. Holds no path, host, user or time.</summary>
/// <param name="FormatVersion">1.</param>
/// <param name="Tool">Version of LoraMerge.Build.</param>
/// <param name="Key">Hash of all that decides the model.</param>
/// <param name="Name">Name of the merged model.</param>
/// <param name="Base">What was merged into.</param>
/// <param name="Adapters">What was merged, in this order.</param>
/// <param name="Options">What was asked of the result.</param>
/// <param name="Tensors">Each changed tensor.</param>
/// <param name="Files">XxHash128 of each file of the model, this one left out.</param>
public sealed record MergeManifest(
    int FormatVersion,
    string Tool,
    string Key,
    string Name,
    ManifestBase Base,
    ImmutableArray<ManifestAdapter> Adapters,
    ImmutableSortedDictionary<string, string> Options,
    ImmutableSortedDictionary<string, ManifestTensor> Tensors,
    ImmutableSortedDictionary<string, string> Files)
{
    /// <summary>What is left of the deltas of a model that was quantised again; null for all others.</summary>
    public ManifestKept? Kept { get; init; }

    /// <summary>Fingerprint of what decides each weight file; a later merge takes over a file whose recipe is the same.</summary>
    public ImmutableSortedDictionary<string, string>? FileRecipes { get; init; }

    /// <summary>
    /// Fingerprint of what decides each tensor of a GGUF file, by its name there; a later merge takes over a tensor whose recipe is the same. Null for other
    /// formats.
    /// </summary>
    public ImmutableSortedDictionary<string, string>? MadeRecipes { get; init; }

    /// <summary>Its name in the model's folder.</summary>
    public const string FileName = "lora-merge.json";

    /// <summary>Where a merged model has it.</summary>
    internal static string PathIn(string folder) => Path.Combine(folder, FileName);

    /// <summary>SHA-256 of each file, where <see cref="Requests.Verification.Full"/> asked for it.</summary>
    public ImmutableSortedDictionary<string, string>? Sha256 { get; init; }

    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045, LORA6050.</exception>
    public static MergeManifest Read(string file)
    {
        try
        {
            MergeManifest? manifest = JsonSerializer.Deserialize(
                JsonFile.Utf8Of(JsonFile.ReadBytes(file, JsonFile.LongestManifest)), ManifestJson.Default.MergeManifest);
            return manifest is not { FormatVersion: 1 }
                ? throw Errors.ManifestInvalid(file, "its format is not version 1")
                : manifest.IsWhole ? manifest : throw Errors.ManifestInvalid(file, "a part of it is missing, or too large a number");
        }
        catch (JsonException e)
        {
            throw Errors.ManifestInvalid(file, e.Message);
        }
    }

    /// <summary>Whether nothing is null that may not be, and no number beyond float64: a reader of JSON does not look.</summary>
    private bool IsWhole =>
        Tool is not null && Key is not null && Name is not null && IsText(Options) && IsText(Files)
        && Base is { Name: not null } && IsText(Base.Files)
        && !Adapters.IsDefault && Adapters.All(IsAdapter) && Tensors is not null && Tensors.Values.All(IsTensor)
        && (FileRecipes is null || IsText(FileRecipes)) && (MadeRecipes is null || IsText(MadeRecipes)) && (Sha256 is null || IsText(Sha256))
        && (Kept is null || (double.IsFinite(Kept.Least) && double.IsFinite(Kept.Most)));

    private static bool IsText(ImmutableSortedDictionary<string, string>? texts) => texts is not null && texts.Values.All(text => text is not null);

    private static bool IsAdapter(ManifestAdapter? adapter) =>
        adapter is { Name: not null, NameRule: not null } && IsText(adapter.Files) && double.IsFinite(adapter.Weight);

    private static bool IsTensor(ManifestTensor? tensor) =>
        tensor is { Deltas.IsDefault: false } && double.IsFinite(tensor.ChangedShare ?? 0) && double.IsFinite(tensor.KeptShare ?? 0)
        && tensor.Deltas.All(IsDelta);

    private static bool IsDelta(ManifestDelta? delta) =>
        delta is { Adapter: not null, Method: not null } && double.IsFinite(delta.Scaling) && double.IsFinite(delta.Norm ?? 0)
        && (delta.Sources is not { } sources || (!sources.IsDefault && sources.All(IsSource)));

    private static bool IsSource(ManifestSource? source) =>
        source is { Adapter: not null } && double.IsFinite(source.Weight) && double.IsFinite(source.Scaling);

    internal byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Indented.MergeManifest), (byte)'\n'];
}

/// <summary>The base model of a manifest.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version, if it has one.</param>
/// <param name="Files">XxHash128 of each file that decides the result.</param>
public sealed record ManifestBase(string Name, string? Version, ImmutableSortedDictionary<string, string> Files)
{
    /// <summary>Where it was fetched from; null for one that the user laid there.</summary>
    public ManifestOrigin? Origin { get; init; }

    /// <summary>SHA-256 of the files that were pinned; null where none was.</summary>
    public ImmutableSortedDictionary<string, string>? Sha256 { get; init; }
}

/// <summary>Where an input was fetched from.</summary>
/// <param name="Address">Its address at the hub, as it was asked for.</param>
/// <param name="Commit">The commit that was fetched.</param>
public sealed record ManifestOrigin(string Address, string Commit)
{
    /// <summary>XxHash128 of the list of its files with their lengths and their hashes at the hub; null where not all of them were known.</summary>
    public string? ListHash { get; init; }

    internal static ManifestOrigin? Of(FetchedInput? fetched) =>
        fetched is null ? null : new ManifestOrigin(fetched.Address, fetched.Commit) { ListHash = fetched.ListHash };
}

/// <summary>An adapter of a manifest.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Weight">Factor on its change.</param>
/// <param name="Version">Its version, if it has one.</param>
/// <param name="BaseVersionRange">Base versions that it asks for.</param>
/// <param name="NameRule">How its module names became names of the base's files.</param>
/// <param name="Files">XxHash128 of each file that decides the result.</param>
public sealed record ManifestAdapter(
    string Name,
    double Weight,
    string? Version,
    string? BaseVersionRange,
    string NameRule,
    ImmutableSortedDictionary<string, string> Files
)
{
    /// <summary>Where it was fetched from; null for one that the user laid there.</summary>
    public ManifestOrigin? Origin { get; init; }

    /// <summary>SHA-256 of the files that were pinned; null where none was.</summary>
    public ImmutableSortedDictionary<string, string>? Sha256 { get; init; }

    /// <summary>The release that the user said wrote it.</summary>
    public string? AdapterVersion { get; init; }

    /// <summary>How the user said that the factors of fused experts lie; null where the file was to say it.</summary>
    public string? ExpertLayout { get; init; }
}

/// <summary>A changed tensor of a manifest.</summary>
/// <param name="ReplacedBy">Adapter whose values it has; null where the base's were changed.</param>
/// <param name="ChangedShare">Elements whose bits differ from the base's, over all; null where it was replaced or has another dtype.</param>
/// <param name="Deltas">What was applied, in this order.</param>
public sealed record ManifestTensor(string? ReplacedBy, double? ChangedShare, ImmutableArray<ManifestDelta> Deltas)
{
    /// <summary>The share of ΔW that its codes hold, where it was quantised again.</summary>
    public double? KeptShare { get; init; }

    /// <summary>Fingerprint of what decides its bytes; a later merge takes over a tensor whose recipe is the same.</summary>
    public string? Recipe { get; init; }
}

/// <summary>What is left of deltas, ⟨ΔW′, ΔW⟩ / ‖ΔW‖², after their weights were quantised again.</summary>
/// <param name="Tensors">Of how many weights.</param>
/// <param name="Least">The smallest share.</param>
/// <param name="Most">The largest share.</param>
public sealed record ManifestKept(int Tensors, double Least, double Most);

/// <summary>One adapter's change of one tensor, or that of several combined.</summary>
/// <param name="Adapter">The adapter's name; those of several with '+' between.</param>
/// <param name="Method">How it changes the tensor.</param>
/// <param name="Scaling">The factor on its product or values.</param>
/// <param name="Norm">‖ΔW‖ (Frobenius), to six digits; null where the change depends on W, or the norm is beyond float64.</param>
public sealed record ManifestDelta(string Adapter, string Method, double Scaling, double? Norm)
{
    /// <summary>What was combined; null for a change of one adapter.</summary>
    public ImmutableArray<ManifestSource>? Sources { get; init; }
}

/// <summary>One adapter's part in a combined change.</summary>
/// <param name="Adapter">The adapter's name.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Scaling">Scaling of the module in it.</param>
public sealed record ManifestSource(string Adapter, double Weight, double Scaling);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MergeManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    public static ManifestJson Indented { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
