using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Incremental;

namespace LoraMerge.Cli;

/// <summary><c>cache</c>: what a store of merged models holds, and how it becomes smaller.</summary>
internal static class CacheCommand
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, NewLine = "\n" };

    public static Command Create() => new("cache", "Looks at a store of merged models (LoraMergeCacheFolder, or obj/lora), and makes room in it.") { List(), Prune(), Clear() };

    private static Command List()
    {
        var folder = Folder();
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new Command("list", "Lists the merged models, last used first.") { folder, json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<StoredModel> models = MergedModelStore.Open(parsed.GetValue(folder)!).Models;
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.Write(ToJson(models));
                return 0;
            }
            foreach (StoredModel model in models)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model.Name}  {Errors.Bytes(model.ByteLength)}  last used {model.LastUsed.ToLocalTime():yyyy-MM-dd HH:mm}{(model.IsInUse ? "  in use" : "")}"));
            output.WriteLine(Sum(models));
            return 0;
        });
        return command;
    }

    private static Command Prune()
    {
        var folder = Folder();
        var maxSize = new Option<string?>("--max-size") { Description = "Take away what was used longest ago until the rest is no larger, such as 20GB.", HelpName = "SIZE" };
        var unusedFor = new Option<int?>("--unused-for") { Description = "Take away what no build has asked for in so many days.", HelpName = "DAYS" };
        var command = new Command("prune", "Takes away what killed merges left, and models that are not used.") { folder, maxSize, unusedFor };
        command.SetAction(async (parsed, cancellation) =>
        {
            TimeSpan? time = parsed.GetValue(unusedFor) switch
            {
                null => null,
                >= 0 and <= 36500 and int days => TimeSpan.FromDays(days),
                var days => throw Errors.ArgumentInvalid("--unused-for", days.Value.ToString(CultureInfo.InvariantCulture), "a number of days"),
            };
            await TakeAwayAsync(parsed, parsed.GetValue(folder)!, MergeOptions.Size("--max-size", parsed.GetValue(maxSize))?.Bytes, time, cancellation);
            return 0;
        });
        return command;
    }

    private static Command Clear()
    {
        var folder = Folder();
        var command = new Command("clear", "Takes away all models that no build uses at this moment.") { folder };
        command.SetAction(async (parsed, cancellation) =>
        {
            await TakeAwayAsync(parsed, parsed.GetValue(folder)!, 0, null, cancellation);
            return 0;
        });
        return command;
    }

    private static async Task TakeAwayAsync(ParseResult parsed, string folder, long? most, TimeSpan? unusedFor, CancellationToken cancellation)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        MergedModelStore store = MergedModelStore.Open(folder, new ConsoleEvents(output, parsed.InvocationConfiguration.Error).Report);
        IReadOnlyList<StoredModel> gone = await store.PruneAsync(most, unusedFor, cancellation);
        foreach (StoredModel model in gone)
            output.WriteLine($"Removed {model.Name}, {Errors.Bytes(model.ByteLength)}");
        output.WriteLine($"Left: {Sum(store.Models)}");
    }

    private static Argument<string> Folder() => new("folder") { Description = "The store's folder.", HelpName = "DIR" };

    private static string Sum(IReadOnlyList<StoredModel> models) =>
        string.Create(CultureInfo.InvariantCulture, $"{models.Count} {(models.Count == 1 ? "model" : "models")}, {Errors.Bytes(models.Sum(model => model.ByteLength))}");

    private static string ToJson(IReadOnlyList<StoredModel> models) => new JsonArray([.. models.Select(model => (JsonNode)new JsonObject
    {
        ["name"] = model.Name,
        ["key"] = model.Key,
        ["byteLength"] = model.ByteLength,
        ["lastUsed"] = model.LastUsed.ToString("O", CultureInfo.InvariantCulture),
        ["isInUse"] = model.IsInUse,
    })]).ToJsonString(s_indented) + "\n";
}
