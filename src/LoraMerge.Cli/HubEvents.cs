using LoraMerge.Diagnostics;
using LoraMerge.Hub.Faults;

namespace LoraMerge.Cli;

/// <summary>Prints what a fetch says.</summary>
/// <param name="output">Gets the lines.</param>
/// <param name="error">Gets the warnings.</param>
internal sealed class HubEvents(TextWriter output, TextWriter error)
{
    public void Report(HubEvent happened) => Report(null, happened);

    /// <param name="origin">The address or the file that it speaks of, for a build to find its item by.</param>
    /// <param name="happened">What it is.</param>
    public void Report(string? origin, HubEvent happened)
    {
        if (happened is HubEvent.Warning warning)
            error.WriteLine(CanonicalLine.Of(warning, origin));
        else if (happened is HubEvent.Information information)
            output.WriteLine(VisibleText.Of(information.Text));
    }
}
