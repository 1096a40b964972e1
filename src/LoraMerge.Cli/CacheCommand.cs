using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Cli.Terminal;
using LoraMerge.Diagnostics;
using LoraMerge.Store;

namespace LoraMerge.Cli;

/// <summary><c>cache</c>: what a store of merged models holds, and how it becomes smaller.</summary>
internal static class CacheCommand
{
    /// <summary>A hundred years.</summary>
    private const int MostDays = 36_500;

    public static Command Create() =>
        new("cache", "Looks at a store of merged models (LoraMergeCacheFolder, or obj/lora), and makes room in it.") { List(), Prune(), Clear() };

    private static Command List()
    {
        var folder = Folder();
        var json = JsonText.Option();
        var command = new Command("list", "Lists the merged models, last used first.") { folder, json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<StoredModel> models = MergedModelStore.Open(parsed.GetValue(folder)!).Models;
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.Write(JsonText.Of(ToJson(models)));
                return 0;
            }
            if (Screen.Of(parsed) is { } screen)
            {
                StoreView.Show(screen, models, Sum(models));
                return 0;
            }
            foreach (StoredModel model in models)
                output.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{VisibleText.Of(model.Name)}  {Errors.Bytes(model.ByteLength)}  last used {model.LastUsed.ToLocalTime():yyyy-MM-dd HH:mm}"
                            + $"{(model.IsInUse ? "  in use" : "")}"
                    )
                );
            output.WriteLine(Sum(models));
            return 0;
        });
        return command;
    }

    private static Command Prune()
    {
        var folder = Folder();
        var maxSize = new Option<string?>("--max-size")
        {
            Description = "Take away what was used longest ago until the rest is no larger, such as 20GB.",
            HelpName = "SIZE",
        };
        var unusedFor = new Option<string?>("--unused-for") { Description = "Take away what no build has asked for in so many days.", HelpName = "DAYS" };
        var json = JsonText.Option();
        var command = new Command("prune", "Takes away what killed merges left, and models that are not used.") { folder, maxSize, unusedFor, json };
        command.SetAction(
            (parsed, cancellation) =>
            {
                string? days = parsed.GetValue(unusedFor);
                TimeSpan? time = days is null ? null
                    : int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MostDays ? TimeSpan.FromDays(count)
                    : throw Errors.ArgumentInvalid("--unused-for", days, "a number of days");
                return TakeAwayAsync(
                    parsed,
                    parsed.GetValue(folder)!,
                    MergeOptions.Size("--max-size", parsed.GetValue(maxSize))?.Bytes,
                    time,
                    parsed.GetValue(json),
                    cancellation
                );
            }
        );
        return command;
    }

    private static Command Clear()
    {
        var folder = Folder();
        var json = JsonText.Option();
        var command = new Command("clear", "Takes away all models that no build uses at this moment.") { folder, json };
        command.SetAction((parsed, cancellation) => TakeAwayAsync(parsed, parsed.GetValue(folder)!, 0, null, parsed.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> TakeAwayAsync(
        ParseResult parsed,
        string folder,
        long? maxBytes,
        TimeSpan? unusedFor,
        bool asJson,
        CancellationToken cancellation
    )
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        MergedModelStore store = MergedModelStore.Open(
            folder,
            new ConsoleEvents(asJson ? TextWriter.Null : output, parsed.InvocationConfiguration.Error).Report
        );
        IReadOnlyList<StoredModel> gone = await store.PruneAsync(maxBytes, unusedFor, cancellation);
        if (asJson)
        {
            await output.WriteAsync(JsonText.Of(new JsonObject { ["removed"] = ToJson(gone), ["left"] = ToJson(store.Models) }));
            return 0;
        }
        foreach (StoredModel model in gone)
            await output.WriteLineAsync($"Removed {VisibleText.Of(model.Name)}, {Errors.Bytes(model.ByteLength)}");
        await output.WriteLineAsync($"Left: {Sum(store.Models)}");
        return 0;
    }

    private static Argument<string> Folder() => new("folder") { Description = "The store's folder.", HelpName = "DIR" };

    private static string Sum(IReadOnlyList<StoredModel> models) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{models.Count} {(models.Count == 1 ? "model" : "models")}, {Errors.Bytes(models.Sum(model => model.ByteLength))}"
        );

    private static JsonArray ToJson(IReadOnlyList<StoredModel> models) =>
        new([
            .. models.Select(model =>
                (JsonNode)
                    new JsonObject
                    {
                        ["name"] = model.Name,
                        ["key"] = model.Key,
                        ["byteLength"] = model.ByteLength,
                        ["lastUsed"] = model.LastUsed.ToString("O", CultureInfo.InvariantCulture),
                        ["isInUse"] = model.IsInUse,
                    }
            ),
        ]);
}
