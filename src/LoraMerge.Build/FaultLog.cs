using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build;

/// <summary>Logs faults at the item that asks for the impossible, so that an editor can go there.</summary>
internal sealed class FaultLog(TaskLoggingHelper log, string projectFile)
{
    /// <summary>A page with a heading for every code.</summary>
    private const string HelpAddress = "https://loramerge.build/diagnostics";

    public bool HasErrors { get; private set; }

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is wrong.</param>
    public void Error(ITaskItem? item, BuildFault fault)
    {
        HasErrors = true;
        SourcePosition position = SourcePosition.Of(item, fault.Metadata, projectFile);
        log.LogError(null, fault.Code, null, HelpLink(fault.Code), position.File, position.Line, position.Column, 0, 0, "{0}", fault.Text);
    }

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is doubtful.</param>
    public void Warning(ITaskItem? item, BuildFault fault)
    {
        SourcePosition position = SourcePosition.Of(item, fault.Metadata, projectFile);
        log.LogWarning(null, fault.Code, null, HelpLink(fault.Code), position.File, position.Line, position.Column, 0, 0, "{0}", fault.Text);
    }

    private static string HelpLink(string code) => $"{HelpAddress}#{code.ToLowerInvariant()}";
}
