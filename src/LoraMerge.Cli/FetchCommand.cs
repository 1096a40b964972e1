using System.CommandLine;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;

namespace LoraMerge.Cli;

/// <summary><c>fetch</c>: brings a repository of the hub into the cache and prints its folder.</summary>
internal static class FetchCommand
{
    private const int Cancelled = 1;

    public static Command Create()
    {
        var addresses = new Argument<string[]>("address")
        {
            Description = "hf://NAMESPACE/NAME[/FOLDER][@REVISION]. Several are fetched one after the other.",
            Arity = ArgumentArity.OneOrMore,
        };
        var role = new Option<HubRole>("--role")
        {
            Description = "As what: 'base', 'adapter', or 'auto' (default) by what it holds.",
            HelpName = "ROLE",
            DefaultValueFactory = _ => HubRole.Auto,
        };
        var json = new Option<bool>("--json") { Description = "As JSON, with the commit, and each file's size and hash." };
        var command = new Command("fetch", "Fetches what a merge needs of a model or adapter of the Hugging Face hub, and prints its folder.")
        {
            addresses,
            role,
            json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            HubWish[] wishes = [.. parsed.GetValue(addresses)!.Select(text => new HubWish(HubAddress.Parse(text), parsed.GetValue(role)))];
            using var fetcher = new HubFetcher(HubEnvironment.Read(), Merger.Version, new HubEvents(error, error).Report);
            try
            {
                IReadOnlyList<FetchedRepository> fetched = await fetcher.FetchAllAsync(wishes, cancellation);
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

    private static JsonNode ToJson(IReadOnlyList<FetchedRepository> fetched) =>
        fetched.Count == 1 ? ToJson(fetched[0]) : new JsonArray([.. fetched.Select(ToJson)]);

    private static JsonNode ToJson(FetchedRepository fetched) => new JsonObject
    {
        ["address"] = fetched.Address.Text,
        ["role"] = fetched.Role == HubRole.Adapter ? "adapter" : "base",
        ["commit"] = fetched.Commit,
        ["subfolder"] = fetched.Subfolder,
        ["folder"] = fetched.Folder,
        ["files"] = new JsonArray(
            [.. fetched.Files.Select(file => new JsonObject { ["path"] = file.Path, ["size"] = file.ByteLength, ["hash"] = file.Hash })]),
    };
}
