using System.Text.Json;

namespace SampleApp;

/// <summary>A model in the output folder: the base model as it came, or one that the build merged from it and adapters.</summary>
internal sealed record StoryModel(string Folder, string Title)
{
    private const string BaseFolder = "base";
    private const string MergeRecordFile = "lora-merge.json";

    public string Name => Path.GetFileName(Folder);

    /// <summary>The base model, if it is there, then every merged model by name.</summary>
    public static IEnumerable<StoryModel> FindIn(string modelsFolder)
    {
        if (!Directory.Exists(modelsFolder))
            yield break;

        string baseFolder = Path.Combine(modelsFolder, BaseFolder);
        if (File.Exists(Path.Combine(baseFolder, "config.json")))
            yield return new StoryModel(baseFolder, "base model");

        foreach (string folder in Directory.EnumerateDirectories(modelsFolder).Order(StringComparer.Ordinal))
        {
            string recordPath = Path.Combine(folder, MergeRecordFile);
            if (File.Exists(recordPath))
                yield return new StoryModel(folder, ReadTitle(recordPath));
        }
    }

    /// <summary>What was merged, as the record beside the merged model tells it: "base + pirate".</summary>
    private static string ReadTitle(string recordPath)
    {
        MergeRecord record = JsonSerializer.Deserialize<MergeRecord>(File.ReadAllBytes(recordPath), JsonSerializerOptions.Web)!;
        return record.Base.Name + string.Concat(record.Adapters.Select(Summand));
    }

    private static string Summand(MergedAdapter adapter) => adapter.Weight == 1
        ? $" + {adapter.Name}"
        : FormattableString.Invariant($" + {adapter.Weight} * {adapter.Name}");

    private sealed record MergeRecord(MergedBase Base, MergedAdapter[] Adapters);

    private sealed record MergedBase(string Name);

    private sealed record MergedAdapter(string Name, double Weight);
}
