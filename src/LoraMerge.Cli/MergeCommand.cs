using System.CommandLine;

namespace LoraMerge.Cli;

/// <summary><c>merge</c>: into a folder that the user names, or into the store of a build.</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        var options = new MergeOptions();
        var output = new Option<string?>("--output") { Description = "Folder for the merged model: new, empty, or an earlier result.", HelpName = "DIR" };
        var store = new Option<string?>("--store") { Description = "Store of merged models (used by the build).", HelpName = "DIR" };
        var state = new Option<string?>("--state") { Description = "File that remembers the inputs (used by the build).", HelpName = "FILE" };
        var maxSize = new Option<string?>("--store-max-size") { Description = "Bytes that the store may hold, such as 50GB (used by the build).", HelpName = "SIZE" };
        var newerThan = new Option<long?>("--newer-than") { Description = "Merge again what the store finished before this time in UTC ticks (used by the build).", HelpName = "TICKS" };
        var parentId = new Option<int?>("--parent-pid") { Description = "End when this process ends (used by the build).", HelpName = "N" };
        var command = new Command("merge", "Merges adapters into a base model.") { output, store, state, maxSize, newerThan, parentId };
        options.AddTo(command);
        command.Validators.Add(result =>
        {
            bool hasStore = !string.IsNullOrEmpty(result.GetValue(store));
            bool isForStore = hasStore && !string.IsNullOrEmpty(result.GetValue(state));
            if (isForStore == result.GetResult(output) is not null || hasStore != isForStore)
                result.AddError("Give --output DIR.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using ParentWatch? watch = ParentWatch.Start(parsed.GetValue(parentId));
            MergeRequest request = options.Read(parsed);
            var events = new ConsoleEvents(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var merger = new Merger(events.Report);
            if (parsed.GetValue(output) is string folder)
                await merger.MergeAsync(request, folder, cancellation);
            else
                await merger.MergeIntoStoreAsync(request, new StoreRequest(parsed.GetValue(store)!, parsed.GetValue(state)!, Time(parsed.GetValue(newerThan))) { MaxSize = MergeOptions.Size("--store-max-size", parsed.GetValue(maxSize)) }, cancellation);
            return 0;
        });
        return command;
    }

    private static DateTime? Time(long? ticks) => ticks is long t ? new DateTime(Math.Clamp(t, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc) : null;
}
