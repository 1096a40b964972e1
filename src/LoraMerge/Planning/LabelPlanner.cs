using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>
/// Lets config.json follow a classifier that an adapter trained whole: how many labels there are, what they are called, and which class the model is loaded as.
/// </summary>
internal static class LabelPlanner
{
    private const string IdsField = "id2label";
    private const string LabelsField = "label2id";
    private const string CountField = "num_labels";
    private const string ProblemField = "problem_type";
    private const string ClassesField = "architectures";

    /// <summary>Labels of a model whose config.json names none.</summary>
    private const int DefaultCount = 2;

    /// <summary>Whether a tensor of another number of rows is the same head for another number of labels.</summary>
    public static bool IsOtherLabelCount(TargetTensor target, StoredTensor saved, string module, Adapter adapter, ModelConfig config) =>
        ClassifierNames.IsClassifier(module) && ClassifierNames.IsClassified(adapter, config)
        && target.ReplacedBy is null && saved.Shape.AsSpan()[1..].SequenceEqual(target.Source.Shape.AsSpan()[1..]);

    /// <summary>What follows from classifiers that adapters hold whole.</summary>
    /// <param name="draft">The plan.</param>
    /// <param name="adapters">The adapters.</param>
    /// <exception cref="LoraMergeException">LORA4002: a classifier's bias has another number of labels than its weight.</exception>
    public static ImmutableArray<ConfigChange> ConfigChanges(PlanDraft draft, ImmutableArray<Adapter> adapters)
    {
        ModelConfig config = draft.Checkpoint.Config;
        if (config.File is null)
            return [];
        TargetTensor? head = draft.Replaced.Where(target => IsClassifierWeight(target, adapters, config)).MaxBy(target => target.Name, StringComparer.Ordinal);
        if (head is null)
            return [];
        Adapter adapter = adapters[head.ReplacedBy!.Value];
        ThrowIfBiasDiffers(head, draft, adapter);
        ModelConfig? trained = adapter.Files.Find("config.json") is InputFile file ? TryRead(file.FullPath) : null;
        if (trained is null && draft.Checkpoint.TryFind(head.Name, out TensorSource? earlier) && earlier.RowCount == head.Source.RowCount)
            return []; // as many as before, whatever config.json says of them
        return [.. LabelChanges(head.Source.RowCount, config, trained, adapter, draft.Notes), .. ClassChanges(head, config, trained, adapter, draft.Notes)];
    }

    private static bool IsClassifierWeight(TargetTensor target, ImmutableArray<Adapter> adapters, ModelConfig config) =>
        target.Name.EndsWith(".weight", StringComparison.Ordinal) && target.Source.Shape.Length == 2
        && ClassifierNames.IsClassifier(target.Name[..^".weight".Length]) && ClassifierNames.IsClassified(adapters[target.ReplacedBy!.Value], config);

    private static void ThrowIfBiasDiffers(TargetTensor head, PlanDraft draft, Adapter adapter)
    {
        string name = head.Name[..^".weight".Length] + ".bias";
        if (draft.SourceOf(name) is TensorSource bias && bias.RowCount != head.Source.RowCount)
            throw Errors.SavedShapeMismatch(head.Source, bias, adapter.Path);
    }

    private static IEnumerable<ConfigChange> LabelChanges(long count, ModelConfig config, ModelConfig? trained, Adapter adapter, List<MergeEvent> notes)
    {
        JsonObject? known = config.Value(IdsField) as JsonObject;
        long knownCount = known?.Count ?? (long?)config.Number(CountField) ?? DefaultCount;
        JsonObject? named = trained?.Value(IdsField) is JsonObject ids && ids.Count == count ? ids : null;
        if (named is not null ? JsonNode.DeepEquals(named, known) : knownCount == count)
            yield break;
        if (named is null)
            notes.Add(Notes.LabelsWithoutNames(count, knownCount, adapter.Path));
        string[] labels = [.. Enumerable.Range(0, checked((int)count)).Select(i => named?.Text(Text(i)) ?? $"LABEL_{Text(i)}")];
        var ofIds = new JsonObject();
        var ofLabels = new JsonObject();
        for (int i = 0; i < labels.Length; i++)
        {
            ofIds[Text(i)] = labels[i];
            ofLabels.TryAdd(labels[i], i);
        }
        yield return new ConfigChange(IdsField, ofIds);
        yield return new ConfigChange(LabelsField, ofLabels);
        if (config.Value(CountField) is not null)
            yield return new ConfigChange(CountField, JsonValue.Create(count));
        JsonNode? problem = trained?.Value(ProblemField);
        if (!JsonNode.DeepEquals(problem, config.Value(ProblemField)))
            yield return new ConfigChange(ProblemField, problem?.DeepClone());
    }

    /// <summary>A head that the base's class does not have is loaded by the class that has it.</summary>
    private static IEnumerable<ConfigChange> ClassChanges(TargetTensor head, ModelConfig config, ModelConfig? trained, Adapter adapter, List<MergeEvent> notes)
    {
        string? known = config.Architectures.FirstOrDefault();
        if (!head.IsNew || known is null || ClassifierNames.IsClassifierClass(known))
            yield break;
        string? found = trained?.Architectures.FirstOrDefault(ClassifierNames.IsClassifierClass) ?? ClassifierNames.ClassOf(known, adapter.Config.TaskType);
        if (found is null)
            yield break;
        notes.Add(Notes.ClassOfClassifier(found, known, adapter.Path));
        yield return new ConfigChange(ClassesField, new JsonArray(found));
    }

    private static ModelConfig? TryRead(string file)
    {
        try
        {
            return ModelConfig.Read(file);
        }
        catch (LoraMergeException)
        {
            return null; // a config.json beside an adapter is not what it is read by
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
