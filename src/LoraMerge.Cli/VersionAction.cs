using System.CommandLine;
using System.CommandLine.Invocation;

namespace LoraMerge.Cli;

/// <summary>Prints the version and nothing else, for scripts.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine(Merger.Version);
        return 0;
    }
}
