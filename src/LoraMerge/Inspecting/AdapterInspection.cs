using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Dialects;
using LoraMerge.Safetensors;

namespace LoraMerge.Inspecting;

/// <summary>Says what an adapter is to someone who has never trained one; also of adapters that cannot be merged, and why not.</summary>
internal static class AdapterInspection
{
    /// <summary>Faults that say what an adapter is, not that its files are unsound.</summary>
    private static readonly ImmutableArray<DiagnosticCode> Refusals =
    [
        DiagnosticCode.AdapterKindUnknown, DiagnosticCode.AdapterKindNotMergeable, DiagnosticCode.AdapterFormNotYetSupported,
        DiagnosticCode.TrainedOnLostBase, DiagnosticCode.AdapterKindMissing, DiagnosticCode.AdapterOfOtherLibrary,
    ];

    public static bool IsAdapter(string path, FetchedInput? fetched) => AdapterDialects.IsAdapter(AdapterSource.Find(path, fetched));

    /// <exception cref="LoraMergeException">Its files are unsound.</exception>
    public static ImmutableArray<(string Name, object Value)> Of(string path, FetchedInput? fetched)
    {
        try
        {
            return OfMergeable(AdapterDialects.Open(path, fetched: fetched));
        }
        catch (LoraMergeException e) when (Refusals.Contains(e.Code) && AdapterSource.Find(path, fetched).Fields is { } fields)
        {
            return OfRefused(fetched?.Name ?? NameOf(path), fields, e);
        }
    }

    private static ImmutableArray<(string, object)> OfMergeable(Adapter adapter)
    {
        AdapterConfig config = adapter.Config;
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        facts.Add(("what", What(adapter)));
        facts.Add(("name", adapter.Name));
        facts.Add(("can be merged", "yes"));
        AddOrigin(facts, config.Origin, config.BaseModelName);
        facts.AddRange(adapter.Own.Facts(adapter));
        AdaptedModule[] layers = [.. adapter.Modules.Where(module => module.IsLayer)];
        if (layers.Length > 0)
        {
            facts.Add(("changed layers", layers.Length));
            facts.Add(("kinds of layers", layers.Select(module => module.Path.Split('.')[^1]).Distinct().Order(StringComparer.Ordinal).ToArray()));
        }
        if (layers.Length < adapter.Modules.Length)
        {
            IEnumerable<string> experts = adapter.Modules.Where(module => !module.IsLayer).Select(module => module.Path);
            facts.Add(("changed experts", experts.Distinct().Order(StringComparer.Ordinal).ToArray()));
        }
        if (!adapter.Parameters.IsEmpty)
            facts.Add(("replaced whole", adapter.Parameters.Select(saved => $"{saved.Module}.{saved.Parameter}").ToArray()));
        if (!adapter.Rows.IsEmpty)
            facts.Add(("trained tokens", adapter.Rows.Sum(rows => rows.Indices.Length)));
        AddFiles(facts, adapter);
        string[] oddities = [.. AdapterWords.Oddities(adapter)];
        if (oddities.Length > 0)
            facts.Add(("oddities", oddities));
        if (!config.UnknownFields.IsEmpty)
            facts.Add(("unknown settings", config.UnknownFields.ToArray()));
        if (!adapter.Notes.IsEmpty)
            facts.Add(("uncertain", adapter.Notes.OfType<MergeEvent.Warning>().Select(note => note.Text).ToArray()));
        return facts.ToImmutable();
    }

    private static ImmutableArray<(string, object)> OfRefused(string name, ConfigFields fields, LoraMergeException refusal)
    {
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        string? peftType = fields.Text("peft_type");
        AdapterKind? kind = peftType is null ? null : AdapterKinds.Find(peftType);
        facts.Add(("what", peftType is null ? "adapter of a library that is not read here, or a note about one"
            : kind is null ? $"{peftType} adapter"
            : $"{peftType} adapter: {kind.Does}"));
        facts.Add(("name", name));
        facts.Add(("can be merged", $"no: LORA{Text((int)refusal.Code)}: {refusal.Message}"));
        if (peftType is not null)
            AddOrigin(facts, PeftHistory.Date(fields, kind), fields.Text("base_model_name_or_path") is { Length: > 0 } trainedOn ? trainedOn : null);
        return facts.ToImmutable();
    }

    private static string NameOf(string path) => File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : new DirectoryInfo(path).Name;

    private static void AddOrigin(ImmutableArray<(string, object)>.Builder facts, AdapterOrigin origin, string? baseModel)
    {
        if (baseModel is not null)
            facts.Add(("trained on", baseModel));
        facts.Add(("written by", $"{origin} ({origin.Evidence})"));
    }

    private static void AddFiles(ImmutableArray<(string, object)>.Builder facts, Adapter adapter)
    {
        facts.Add(("dtypes", adapter.Tensors.Select(tensor => tensor.DType.HeaderName()).Distinct().Order(StringComparer.Ordinal).ToArray()));
        facts.Add(("bytes", adapter.Tensors.Sum(tensor => tensor.ByteLength)));
    }

    private static string What(Adapter adapter) => adapter.Modules.IsEmpty && !adapter.Parameters.IsEmpty && adapter.Kind.Roles.Any(role => role.Use == RoleUse.Module)
        ? "adapter of whole tensors, which replace those of the base"
        : adapter.Own.What ?? $"{adapter.Kind.PeftType} adapter: {adapter.Kind.Does}";

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
