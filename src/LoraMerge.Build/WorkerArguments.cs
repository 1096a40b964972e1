using System.Diagnostics;
using System.Globalization;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>The command line of <c>lora-merge merge</c> for one model, an argument per entry.</summary>
internal static class WorkerArguments
{
    /// <param name="request">The model.</param>
    /// <param name="store">Where the model goes.</param>
    /// <param name="statePath">The model's state file.</param>
    /// <param name="runtimeFolder">The folder with libtorch.</param>
    /// <param name="newerThanTicks">A merge that ended earlier is repeated; null where any will do.</param>
    public static List<string> Of(ModelRequest request, ModelStore store, string statePath, string runtimeFolder, long? newerThanTicks)
    {
        List<string> arguments = [Argument("--name", request.Name), Argument("--base", request.BasePath)];
        for (int i = 0; i < request.AdapterPaths.Count; i++)
        {
            OptionValues values = request.Options.Adapters[i].Values;
            arguments.Add(Argument("--adapter", $"{request.AdapterPaths[i]}={values[OptionTable.Weight]}"));
            string number = Text(i + 1);
            arguments.AddRange(Given(values, option => option.Owner == OptionOwner.Adapter).Select(given => Argument(given.Switch, $"{number}={given.Value}")));
        }
        arguments.AddRange(Given(request.Options.Values, option => option.Owner != OptionOwner.Adapter).Select(given => Argument(given.Switch, given.Value)));
        arguments.AddRange([Argument("--runtime", runtimeFolder), Argument("--store", store.Path), Argument("--state", statePath)]);
        if (ReportRequest.IsAsked(request))
            arguments.Add(Argument("--report", ReportRequest.PageFor(statePath)));
        if (newerThanTicks is { } ticks)
            arguments.Add(Argument("--newer-than", Text(ticks)));
        return arguments;
    }

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
