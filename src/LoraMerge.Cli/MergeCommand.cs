using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Options;
using LoraMerge.Cli.Terminal;
using LoraMerge.Diagnostics;
using LoraMerge.Reports;
using LoraMerge.Requests;
using LoraMerge.Store;
using LoraMerge.Writing;

namespace LoraMerge.Cli;

/// <summary><c>merge</c>: into a folder that the user names, or into the store of a build.</summary>
internal static class MergeCommand
{
    public const string StoreOption = "--store";

    /// <param name="isForBuild">Whether the model goes into a store instead of a folder that the user names.</param>
    public static Command Create(bool isForBuild)
    {
        var options = new MergeOptions();
        var output = new Option<string?>("--output")
        {
            Description = "Folder for the merged model: new, empty, or an earlier result.",
            HelpName = "DIR",
            Required = !isForBuild,
        };
        // What only the build uses is not for people to read.
        var store = new Option<string?>(StoreOption) { Description = "Store of merged models.", HelpName = "DIR", Hidden = true };
        var state = new Option<string?>("--state") { Description = "File that remembers the inputs.", HelpName = "FILE", Hidden = true };
        var report = new Option<string?>("--report") { Description = "Also write a page that shows what the merge changed.", HelpName = "FILE" };
        Option<bool> json = JsonText.Option();
        Option<string?> maxSize = MergeOptions.Single(OptionTable.CacheMaxSize);
        var newerThan = new Option<long?>("--newer-than")
        {
            Description = "Merge again what the store finished before this time in UTC ticks.",
            HelpName = "TICKS",
            Hidden = true,
        };
        Option<int?> parentId = ParentWatch.Option();
        var command = new Command("merge", "Merges adapters into a base model.");
        options.AddTo(command, output);
        foreach (Option option in (Option[])[report, json, store, state, maxSize, newerThan, parentId])
            command.Add(option);
        command.Validators.Add(result =>
        {
            bool hasStore = IsGiven(result, store), hasState = IsGiven(result, state);
            if ((hasStore || hasState || isForBuild) && (!hasStore || !hasState || result.GetResult(output) is not null))
                result.AddError("Give either --output DIR, or --store DIR and --state FILE as the build does.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using ParentWatch? watch = ParentWatch.Start(parsed.GetValue(parentId));
            string? page = parsed.GetValue(report);
            bool asJson = parsed.GetValue(json);
            TextWriter error = parsed.InvocationConfiguration.Error;
            var fetching = new HubEvents(asJson ? error : parsed.InvocationConfiguration.Output, error);
            MergeRequest request = (await options.ReadAsync(parsed, fetching, cancellation)) with { IsMeasured = page is not null };
            List<ReportedWarning> warnings = [];
            string? folder = parsed.GetValue(output);
            if (page is not null)
                ReportFile.ThrowIfUnusable(page, folder is null ? [] : ReportCommand.ModelsOf(request, folder)); // a build has a place of its own for it
            MergeResult result = await ConsoleEvents.RunAsync(parsed, showsLines: !asJson, asJson || folder is null ? null : Screen.Of(parsed), tell =>
            {
                var merger = new Merger(ReportedWarning.Keeping(tell, warnings));
                return folder is not null ? merger.MergeAsync(request, folder, cancellation) : merger.MergeIntoStoreAsync(request, Into(parsed), cancellation);
            });
            if (page is not null)
                page = WritePage(result, warnings, page, isOfStore: folder is null, asJson ? TextWriter.Null : parsed.InvocationConfiguration.Output);
            if (asJson)
                await parsed.InvocationConfiguration.Output.WriteAsync(ToJson(result, page, warnings));
            return 0;
        });
        return command;

        StoreRequest Into(ParseResult parsed) => new(parsed.GetValue(store)!, parsed.GetValue(state)!, Time(parsed.GetValue(newerThan)))
        {
            MaxSize = MergeOptions.Size(OptionTable.CacheMaxSize.Switch!, parsed.GetValue(maxSize)),
        };
    }

    /// <summary>What was made, for programs.</summary>
    public static string ToJson(MergeResult result, string? page, IEnumerable<ReportedWarning> warnings) => JsonText.Of(new JsonObject
    {
        ["folder"] = Path.GetFullPath(result.Folder),
        ["name"] = result.Manifest.Name,
        ["key"] = result.Manifest.Key,
        ["changedTensors"] = result.Manifest.Tensors.Count,
        ["byteLength"] = result.ByteLength,
        ["files"] = new JsonArray([.. result.Manifest.Files.Keys.Select(file => (JsonNode)file)]),
        ["report"] = page,
        ["warnings"] = new JsonArray([.. warnings.Select(warning => (JsonNode)new JsonObject { ["code"] = warning.Code, ["text"] = warning.Text })]),
    });

    /// <param name="result">What was merged, or found.</param>
    /// <param name="warnings">Of this merge.</param>
    /// <param name="page">Where the page goes.</param>
    /// <param name="isOfStore">Whether the entry of a store may have a page already: that of the merge that made it, be it this one or an earlier one.</param>
    /// <param name="lines">Is told where the page is.</param>
    /// <exception cref="LoraMergeException">LORA1109, LORA1150, LORA5020: the page could not be written, and the model is there.</exception>
    private static string WritePage(MergeResult result, IReadOnlyList<ReportedWarning> warnings, string page, bool isOfStore, TextWriter lines)
    {
        try
        {
            string path = Path.GetFullPath(page);
            var place = new EntryPlace(Path.GetDirectoryName(result.Folder)!, Path.GetFileName(result.Folder));
            if (!isOfStore || !KeptReport.TryCopy(place, result.Manifest.Key, path))
                return ReportCommand.Write(Merger.ReportOf(result, warnings), page, lines);
            ReportCommand.Tell(result.Manifest.Name, path, lines);
            return path;
        }
        catch (LoraMergeException fault)
        {
            throw Errors.OnlyReportFailed(fault, result.Folder);
        }
    }

    /// <summary>By its tokens: an option that is given twice has no value, and a fault of its own.</summary>
    private static bool IsGiven(SymbolResult command, Option option) => command.GetResult(option) is { Tokens: [.., { Value.Length: > 0 }] };

    private static DateTime? Time(long? ticks) => ticks is long t ? new DateTime(Math.Clamp(t, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc) : null;
}
