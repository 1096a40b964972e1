using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge;

/// <summary>Says what an adapter is to someone who has never trained one; also of adapters that cannot be merged, and why not.</summary>
internal static class AdapterInspection
{
    /// <summary>Faults that say what an adapter is, not that its files are unsound.</summary>
    private static readonly ImmutableArray<DiagnosticCode> Refusals =
    [
        DiagnosticCode.AdapterKindUnknown, DiagnosticCode.AdapterKindNotMergeable, DiagnosticCode.AdapterFormNotYetSupported,
        DiagnosticCode.TrainedOnLostBase, DiagnosticCode.AdapterKindMissing, DiagnosticCode.AdapterOfOtherLibrary,
    ];

    public static bool IsAdapter(string path)
    {
        string folder = File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        return File.Exists(Path.Combine(folder, AdapterFiles.ConfigName));
    }

    /// <exception cref="LoraMergeException">Its files are unsound.</exception>
    public static ImmutableArray<(string Name, object Value)> Of(string path)
    {
        AdapterFiles files = AdapterFiles.Find(path);
        ConfigFields fields = ConfigFields.Read(files.Config);
        try
        {
            return OfMergeable(Adapter.Open(path));
        }
        catch (LoraMergeException e) when (Refusals.Contains(e.Code))
        {
            return OfRefused(path, fields, e);
        }
    }

    private static ImmutableArray<(string, object)> OfMergeable(Adapter adapter)
    {
        LoraConfig config = adapter.Config;
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        facts.Add(("what", What(adapter)));
        facts.Add(("name", adapter.Name));
        facts.Add(("can be merged", "yes"));
        AddOrigin(facts, config.Origin, config.BaseModelName);
        int[] ranks = [.. adapter.Modules.Select(module => checked((int)module.A.Shape[0]) / Math.Max(1, module.EnabledProjections.Count(enabled => enabled))).Distinct().Order()];
        double[] scalings = [.. adapter.Modules.Select(module => module.Scaling).Distinct().Order()];
        string[] parameters = [.. adapter.ModuleParameters.Select(pair => pair.Module).Distinct().SelectMany(module => config.ParametersOf(module).Select(parameter => $"{module}.{parameter}"))];
        int[] expertRanks = [.. parameters.Select(path => config.RankOf(path)).Distinct().Order()];
        double[] expertScalings = [.. parameters.Select(path => config.ScalingOf(path)).Distinct().Order()];
        string[] words =
        [
            .. ranks.Length > 0 ? [AdapterWords.Corrections(adapter.Modules, ranks, scalings)] : (string[])[],
            .. parameters.Length > 0 ? [AdapterWords.ExpertCorrections(parameters, expertRanks, expertScalings)] : (string[])[],
        ];
        ranks = [.. ranks.Union(expertRanks).Order()];
        scalings = [.. scalings.Union(expertScalings).Order()];
        if (ranks.Length > 0)
        {
            facts.Add(("in words", string.Join(' ', words)));
            facts.Add(("ranks", ranks.Select(rank => Text(rank)).ToArray()));
            facts.Add(("scalings", scalings.Select(scaling => Text(scaling)).ToArray()));
        }
        if (config.UsesRsLora)
            facts.Add(("scaling rule", "rank-stabilised: alpha divided by the root of the rank"));
        if (adapter.Modules.Length > 0)
        {
            facts.Add(("changed layers", adapter.Modules.Length));
            facts.Add(("kinds of layers", adapter.Modules.Select(module => module.Path.Split('.')[^1]).Distinct().Order(StringComparer.Ordinal).ToArray()));
        }
        if (!adapter.ModuleParameters.IsEmpty)
            facts.Add(("changed experts", adapter.ModuleParameters.Select(pair => pair.Module).Distinct().Order(StringComparer.Ordinal).ToArray()));
        if (!adapter.Parameters.IsEmpty)
            facts.Add(("replaced whole", adapter.Parameters.Select(saved => $"{saved.Module}.{saved.Parameter}").ToArray()));
        if (!adapter.Rows.IsEmpty)
            facts.Add(("trained tokens", adapter.Rows.Sum(rows => rows.Indices.Length)));
        AddFile(facts, adapter.Weights);
        string[] oddities = [.. AdapterWords.Oddities(adapter)];
        if (oddities.Length > 0)
            facts.Add(("oddities", oddities));
        if (!config.UnknownFields.IsEmpty)
            facts.Add(("unknown settings", config.UnknownFields.ToArray()));
        if (!adapter.Notes.IsEmpty)
            facts.Add(("uncertain", adapter.Notes.OfType<MergeEvent.Warning>().Select(note => note.Text).ToArray()));
        return facts.ToImmutable();
    }

    private static ImmutableArray<(string, object)> OfRefused(string path, ConfigFields fields, LoraMergeException refusal)
    {
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        string? kind = fields.Text("peft_type");
        facts.Add(("what", kind is null ? "adapter of a library that is not read here, or a note about one" : AdapterWords.Kind(kind)));
        facts.Add(("name", File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : new DirectoryInfo(path).Name));
        facts.Add(("can be merged", $"no: LORA{Text((int)refusal.Code)}: {refusal.Message}"));
        if (kind is not null)
            AddOrigin(facts, PeftHistory.Date(fields, kind), fields.Text("base_model_name_or_path") is { Length: > 0 } name ? name : null);
        return facts.ToImmutable();
    }

    private static void AddOrigin(ImmutableArray<(string, object)>.Builder facts, AdapterOrigin origin, string? baseModel)
    {
        if (baseModel is not null)
            facts.Add(("trained on", baseModel));
        facts.Add(("written by", $"{origin} ({origin.Evidence})"));
    }

    private static void AddFile(ImmutableArray<(string, object)>.Builder facts, Shard weights)
    {
        facts.Add(("dtypes", weights.Tensors.Select(tensor => tensor.DType.HeaderName()).Distinct().Order(StringComparer.Ordinal).ToArray()));
        facts.Add(("bytes", weights.Tensors.Sum(tensor => tensor.ByteLength)));
    }

    private static string What(Adapter adapter) => (adapter.Modules.IsEmpty && adapter.ModuleParameters.IsEmpty, adapter.Config.UsesDora) switch
    {
        (true, _) => "adapter of whole tensors, which replace those of the base",
        (_, true) => "DoRA adapter: small matrices B and A for some layers, whose product is added to each weight, and a trained length for each of its outputs",
        _ => "LoRA adapter: small matrices B and A for some layers; merging adds scaling times B times A to each of their weights",
    };

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
