using System.CommandLine;
using System.CommandLine.Parsing;
using LoraMerge.Agreed.Options;
using LoraMerge.Requests;
using LoraMerge.Store;

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
        Option<string?> maxSize = MergeOptions.Single(OptionTable.CacheMaxSize);
        var newerThan = new Option<long?>("--newer-than")
        {
            Description = "Merge again what the store finished before this time in UTC ticks.",
            HelpName = "TICKS",
            Hidden = true,
        };
        var parentId = new Option<int?>("--parent-pid")
        {
            Description = "End when this process ends.",
            HelpName = "N",
            Hidden = true,
        };
        var command = new Command("merge", "Merges adapters into a base model.");
        options.AddTo(command, output);
        foreach (Option option in (Option[])[store, state, maxSize, newerThan, parentId])
            command.Add(option);
        command.Validators.Add(result =>
        {
            bool hasStore = IsGiven(result, store);
            bool isForStore = hasStore && IsGiven(result, state);
            if (isForStore == result.GetResult(output) is not null || hasStore != isForStore)
                result.AddError("Give either --output DIR, or --store DIR and --state FILE as the build does.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using ParentWatch? watch = ParentWatch.Start(parsed.GetValue(parentId));
            TextWriter told = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            MergeRequest request = await options.ReadAsync(parsed, new HubEvents(told, error), cancellation);
            var events = new ConsoleEvents(told, error);
            var merger = new Merger(events.Report);
            if (parsed.GetValue(output) is string folder)
                await merger.MergeAsync(request, folder, cancellation);
            else
            {
                var into = new StoreRequest(parsed.GetValue(store)!, parsed.GetValue(state)!, Time(parsed.GetValue(newerThan)))
                {
                    MaxSize = MergeOptions.Size(OptionTable.CacheMaxSize.Switch!, parsed.GetValue(maxSize)),
                };
                await merger.MergeIntoStoreAsync(request, into, cancellation);
            }
            return 0;
        });
        return command;
    }

    /// <summary>By its tokens: an option that is given twice has no value, and a fault of its own.</summary>
    private static bool IsGiven(SymbolResult command, Option option) => command.GetResult(option) is { Tokens: [.., { Value.Length: > 0 }] };

    private static DateTime? Time(long? ticks) => ticks is long t ? new DateTime(Math.Clamp(t, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc) : null;
}
