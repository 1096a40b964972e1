using System.Diagnostics;
using System.Globalization;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>The command lines of <c>lora-merge</c> that a build starts, an argument per entry.</summary>
internal static class WorkerArguments
{
    private const string StoreOption = "--store";

    /// <param name="request">The model.</param>
    /// <param name="store">Where the model goes.</param>
    /// <param name="statePath">The model's state file.</param>
    /// <param name="runtimeFolder">The folder with libtorch.</param>
    /// <param name="newerThanTicks">A merge that ended earlier is repeated; null where any will do.</param>
    public static List<string> Of(ModelRequest request, ModelStore store, string statePath, string runtimeFolder, long? newerThanTicks)
    {
        List<string> arguments = [Argument("--name", request.Name), Argument("--base", request.FetchedBase?.Address ?? request.BasePath)];
        for (int i = 0; i < request.AdapterPaths.Count; i++)
        {
            OptionValues values = request.Options.Adapters[i].Values;
            arguments.Add(Argument("--adapter", $"{request.FetchedOf(i)?.Address ?? request.AdapterPaths[i]}={values[OptionTable.Weight]}"));
            string number = Text(i + 1);
            arguments.AddRange(Given(values, option => option.Owner == OptionOwner.Adapter).Select(given => Argument(given.Switch, $"{number}={given.Value}")));
        }
        arguments.AddRange(Given(request.Options.Values, option => option.Owner != OptionOwner.Adapter).Select(given => Argument(given.Switch, given.Value)));
        arguments.AddRange([Argument("--runtime", runtimeFolder), Argument(StoreOption, store.Path), Argument("--state", statePath)]);
        if (request.FetchedFile is { } fetched && (request.FetchedBase is not null || request.FetchedAdapters.Any(input => input is not null)))
            arguments.Add(Argument("--fetched", fetched));
        if (ReportRequest.IsAsked(request))
            arguments.Add(Argument("--report", ReportRequest.PageFor(statePath)));
        if (newerThanTicks is { } ticks)
            arguments.Add(Argument("--newer-than", Text(ticks)));
        return arguments;
    }

    /// <summary>Those of <c>lora-merge restore</c>.</summary>
    /// <param name="bases">Addresses of base models.</param>
    /// <param name="adapters">Addresses of adapters.</param>
    /// <param name="lockFile">Absolute path of the lock file.</param>
    /// <param name="isLockedMode">Whether it has to have all of them.</param>
    /// <param name="fetchedFile">Absolute path of the file that remembers what was fetched.</param>
    /// <param name="variables">What stands for the environment in that file.</param>
    /// <param name="store">Folder of merged models: what they were made of need not be fetched. Null to fetch all.</param>
    public static List<string> OfRestore(
        IEnumerable<string> bases, IEnumerable<string> adapters, string lockFile, bool isLockedMode, string fetchedFile, string variables,
        string? store) =>
    [
        .. bases.Select(address => Argument("--base", address)),
        .. adapters.Select(address => Argument("--adapter", address)),
        Argument("--lock-file", lockFile),
        .. isLockedMode ? ["--locked"] : (string[])[],
        Argument("--fetched", fetchedFile),
        Argument("--variables", variables),
        .. store is { Length: > 0 } ? [Argument(StoreOption, store)] : (string[])[],
    ];

    /// <summary>The same, to fetch all.</summary>
    public static IEnumerable<string> WithoutStore(IEnumerable<string> ofRestore) =>
        ofRestore.Where(argument => !argument.StartsWith(StoreOption + "=", StringComparison.Ordinal));

    /// <summary>Lets the worker end itself when the build that started it is gone. Not part of the line that is repeated in a shell.</summary>
    public static List<string> OfParent()
    {
        using Process self = Process.GetCurrentProcess();
        return [Argument("--parent-pid", Text(self.Id))];
    }

    private static IEnumerable<(string Switch, string Value)> Given(OptionValues values, Func<MergeOption, bool> isMeant) =>
        from option in OptionTable.All
        where option.Switch is not null && isMeant(option)
        let value = values.Given(option)
        where value is not null && value != option.Default
        select (option.Switch, value);

    /// <summary>One word, so that a value stays one, also where it is spelled like an option.</summary>
    private static string Argument(string option, string value) => $"{option}={value}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
