using System.CommandLine;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.ModelFiles;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Locking;
using LoraMerge.Hub.Places;

namespace LoraMerge.Cli;

/// <summary><c>restore</c>: what a build starts to fetch the addresses of a project, as its lock file says. Not for people: <c>fetch</c> is.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var bases = new Option<string[]>("--base") { Description = "Address of a base model.", HelpName = "ADDRESS" };
        var adapters = new Option<string[]>("--adapter") { Description = "Address of an adapter.", HelpName = "ADDRESS" };
        var lockFile = new Option<string>("--lock-file") { Description = "Which commits and files they are.", HelpName = "FILE", Required = true };
        var isLocked = new Option<bool>("--locked") { Description = "Take nothing that the lock file does not have." };
        var fetchedFile = new Option<string>("--fetched") { Description = "File that remembers where they lie.", HelpName = "FILE", Required = true };
        var variables = new Option<string>("--variables") { Description = "Stands for the environment, in that file.", HelpName = "TEXT", Required = true };
        var store = new Option<string?>("--store") { Description = "Leave out what models of this store were made of.", HelpName = "DIR" };
        Option<int?> parentId = ParentWatch.Option();
        var command = new Command("restore", "Fetches the models and adapters of a project.")
        {
            bases, adapters, lockFile, isLocked, fetchedFile, variables, store, parentId,
        };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellation) =>
        {
            using ParentWatch? watch = ParentWatch.Start(parsed.GetValue(parentId));
            TextWriter output = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            string path = Path.GetFullPath(parsed.GetValue(lockFile)!);
            var events = new HubEvents(output, error);
            var merged = MergedInputs.Of(parsed.GetValue(store));
            var fetch = new LockedFetch(HubEnvironment.Read(), Merger.Version, path, events.Report) { IsSpared = missing => merged.Find(missing) is not null };
            (string, HubRole)[] wanted =
            [
                .. (parsed.GetValue(bases) ?? []).Select(address => (address, HubRole.Base)),
                .. (parsed.GetValue(adapters) ?? []).Select(address => (address, HubRole.Adapter)),
            ];
            IReadOnlyList<FetchedRepository> fetched = await fetch.FetchAsync(wanted, parsed.GetValue(isLocked), cancellation);
            string lockHash = fetch.IsAllLocked ? FetchedFile.HashOfLock(path) : FetchedFile.NoLock;
            string fetchedPath = Path.GetFullPath(parsed.GetValue(fetchedFile)!);
            new FetchedFile(fetchedPath, lockHash, parsed.GetValue(variables)!, [.. fetched.Select(one => Describe(one, merged))]).Save();
            return 0;
        });
        return command;
    }

    /// <summary>Files that are not there are those of an address that was spared.</summary>
    private static FetchedFile.Input Describe(FetchedRepository fetched, MergedInputs merged)
    {
        bool isThere = fetched.Names.All(name => File.Exists(Path.Combine(fetched.Folder, name)));
        FetchedInput input = InputLocation.Describe(fetched);
        return FetchedFile.Input.Take(
            fetched.Role.Word(), fetched.Folder, isThere ? input : input with { Known = merged.Find(fetched) });
    }
}
