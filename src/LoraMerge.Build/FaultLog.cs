using LoraMerge.Agreed.Messages;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build;

/// <summary>Logs faults at the item that asks for the impossible, so that an editor can go there.</summary>
/// <param name="log">Of the task.</param>
/// <param name="projectFile">Absolute path of the project.</param>
internal sealed class FaultLog(TaskLoggingHelper log, string projectFile)
{
    public bool HasErrors { get; private set; }

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is wrong.</param>
    public void Error(ITaskItem? item, BuildFault fault)
    {
        HasErrors = true;
        SourcePosition position = SourcePosition.Of(item, fault, projectFile);
        log.LogError(null, fault.Code, null, HelpPage.AddressOf(fault.Code), position.File, position.Line, position.Column, 0, 0, "{0}", fault.Text);
    }

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is doubtful.</param>
    public void Warning(ITaskItem? item, BuildFault fault) => Warning(SourcePosition.Of(item, fault, projectFile), fault);

    /// <param name="position">Where it is written.</param>
    /// <param name="fault">What is doubtful.</param>
    public void Warning(SourcePosition position, BuildFault fault) =>
        log.LogWarning(null, fault.Code, null, HelpPage.AddressOf(fault.Code), position.File, position.Line, position.Column, 0, 0, "{0}", fault.Text);

    /// <summary>Whether metadata of an item are written on items of its type, rather than taken over from another item.</summary>
    public bool IsWritten(ITaskItem item, string itemType, string metadata) => SourcePosition.IsWritten(item, itemType, metadata, projectFile);
}
