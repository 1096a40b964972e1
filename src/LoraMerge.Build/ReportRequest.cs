using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>The report of a model: a page beside its state file, which decides nothing and is in no output.</summary>
internal static class ReportRequest
{
    public static bool IsAsked(ModelRequest request) => request.Options.Values.IsOn(OptionTable.Report);

    /// <param name="statePath">The model's state file.</param>
    public static string PageFor(string statePath) => Path.ChangeExtension(statePath, ".report.html");

    /// <param name="statePath">The model's state file.</param>
    public static string ResponseFileFor(string statePath) => Path.ChangeExtension(statePath, ".report.rsp");

    /// <summary>The command line of <c>lora-merge report</c> for a model that is there.</summary>
    public static string[] ArgumentsFor(FoundModel found, string statePath) => [found.Place.Folder, $"--output={PageFor(statePath)}"];

    /// <summary>What Clean deletes, and a build that asks for no report.</summary>
    public static string[] FilesBeside(ModelRequest request, string statePath) =>
        IsAsked(request) ? [PageFor(statePath), ResponseFileFor(statePath)] : [];
}
