using System.CommandLine;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>Where a command prints, with the terminal that it may draw on.</summary>
internal sealed class ScreenConfiguration : InvocationConfiguration
{
    /// <summary>Null for plain lines.</summary>
    public IAnsiConsole? Screen { get; init; }
}
