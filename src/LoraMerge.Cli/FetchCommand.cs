using System.CommandLine;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Locking;
using LoraMerge.Hub.Places;

namespace LoraMerge.Cli;

/// <summary><c>fetch</c>: brings a repository of the hub into the cache and prints its folder.</summary>
internal static class FetchCommand
{
    private const int Cancelled = 1;
    private const string DefaultLockFile = "lora.lock.json";

    private static readonly string[] s_roles = ["auto", "base", "adapter"];

    public static Command Create()
    {
        var addresses = new Argument<string[]>("address")
        {
            Description = "hf://NAMESPACE/NAME[/FOLDER][@REVISION]. Several are fetched one after the other.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var role = new Option<string>("--role")
        {
            Description = "As what: base, adapter, or auto, by what it holds.",
            HelpName = "ROLE",
            DefaultValueFactory = _ => s_roles[0],
        };
        role.CompletionSources.Add(s_roles);
        var json = new Option<bool>("--json") { Description = "As JSON, with the commit, and each file's size and hash." };
        var update = new Option<bool>("--update")
        {
            Description = "Move a lock file on to what the hub has now: the addresses that are named, or all that it has.",
        };
        var lockFile = new Option<string?>("--lock-file")
        {
            Description = $"The lock file that --update moves on (default: {DefaultLockFile} here).",
            HelpName = "FILE",
        };
        var command = new Command("fetch", "Fetches what a merge needs of a model or adapter of the Hugging Face hub, and prints its folder.")
        {
            addresses,
            role,
            update,
            lockFile,
            json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(role) is string word && !s_roles.Contains(word, StringComparer.OrdinalIgnoreCase))
                result.AddError($"--role is '{word}', but auto, base or adapter is expected.");
            if (!result.GetValue(update) && result.GetResult(addresses) is not { Tokens.Count: > 0 })
                result.AddError("Name an address, or give --update.");
            if (result.GetValue(lockFile) is string path && string.IsNullOrWhiteSpace(path))
                result.AddError("--lock-file is followed by the path of a file.");
            if (!result.GetValue(update) && result.GetValue(lockFile) is not null)
                result.AddError("A lock file counts with --update only; from a shell, nothing is locked.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            HubAddress[] named = [.. parsed.GetValue(addresses)!.Select(HubAddress.Parse)];
            var events = new HubEvents(error, error);
            try
            {
                IReadOnlyList<FetchedRepository> fetched = parsed.GetValue(update)
                    ? await UpdateAsync(named, parsed.GetValue(lockFile) ?? DefaultLockFile, events, cancellation)
                    : await FetchAsync(named, Enum.Parse<HubRole>(parsed.GetValue(role)!, ignoreCase: true), events, cancellation);
                await output.WriteAsync(
                    parsed.GetValue(json) ? JsonText.Of(ToJson(fetched)) : string.Concat(fetched.Select(one => one.Folder + Environment.NewLine)));
                return 0;
            }
            catch (OperationCanceledException)
            {
                await error.WriteLineAsync("Cancelled; what has come is kept.");
                return Cancelled;
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<FetchedRepository>> FetchAsync(
        HubAddress[] addresses, HubRole role, HubEvents events, CancellationToken cancellation)
    {
        using var fetcher = new HubFetcher(HubEnvironment.Read(), Merger.Version, events.Report);
        return await fetcher.FetchAllAsync(addresses.Select(address => new HubWish(address, role)), cancellation);
    }

    private static async Task<IReadOnlyList<FetchedRepository>> UpdateAsync(
        HubAddress[] addresses, string lockFile, HubEvents events, CancellationToken cancellation) =>
        await new LockedFetch(HubEnvironment.Read(), Merger.Version, Path.GetFullPath(lockFile), events.Report).UpdateAsync(addresses, cancellation);

    private static JsonNode ToJson(IReadOnlyList<FetchedRepository> fetched) =>
        fetched.Count == 1 ? ToJson(fetched[0]) : new JsonArray([.. fetched.Select(ToJson)]);

    private static JsonNode ToJson(FetchedRepository fetched) => new JsonObject
    {
        ["address"] = fetched.Address.Text,
        ["role"] = fetched.Role.Word(),
        ["commit"] = fetched.Commit,
        ["subfolder"] = fetched.Subfolder,
        ["folder"] = fetched.Folder,
        ["files"] = new JsonArray(
            [.. fetched.Files.Select(file => new JsonObject { ["path"] = file.Path, ["size"] = file.ByteLength, ["hash"] = file.Hash })]),
    };
}
