using LoraMerge.Agreed.Messages;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build;

/// <summary>Logs faults at the item that asks for the impossible, so that an editor can go there.</summary>
/// <param name="log">Of the task; null to keep errors and say nothing.</param>
/// <param name="projectFile">Absolute path of the project.</param>
internal sealed class FaultLog(TaskLoggingHelper? log, string projectFile)
{
    private readonly List<(ITaskItem? Item, BuildFault Fault)> _errors = [];

    public bool HasErrors => _errors.Count > 0;

    /// <summary>All errors so far, each with its item.</summary>
    public IReadOnlyList<(ITaskItem? Item, BuildFault Fault)> Errors => _errors;

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is wrong.</param>
    public void Error(ITaskItem? item, BuildFault fault)
    {
        _errors.Add((item, fault));
        if (log is not null)
            Log(SourcePosition.Of(item, fault, projectFile), fault);
    }

    /// <param name="position">Where it is written, if not in an item.</param>
    /// <param name="fault">What is wrong.</param>
    public void Error(SourcePosition position, BuildFault fault)
    {
        _errors.Add((null, fault));
        Log(position, fault);
    }

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is doubtful.</param>
    public void Warning(ITaskItem? item, BuildFault fault)
    {
        if (log is not null)
            Warning(SourcePosition.Of(item, fault, projectFile), fault);
    }

    /// <param name="position">Where it is written.</param>
    /// <param name="fault">What is doubtful.</param>
    public void Warning(SourcePosition position, BuildFault fault) =>
        log?.LogWarning(null, fault.Code, null, HelpPage.AddressOf(fault.Code), position.File, position.Line, position.Column, 0, 0, "{0}", fault.Text);

    /// <summary>Whether metadata of an item are written on items of its type, rather than taken over from another item.</summary>
    public bool IsWritten(ITaskItem item, string itemType, string metadata) => SourcePosition.IsWritten(item, itemType, metadata, projectFile);

    /// <summary>Whether an item of its type is made of others, with all metadata that those have for purposes of their own.</summary>
    public bool IsMadeOfItems(ITaskItem item, string itemType) => SourcePosition.IsMadeOfItems(item, itemType, projectFile);

    /// <inheritdoc cref="SourcePosition.FindLost"/>
    public string? FindLost(ITaskItem item, string itemType, string metadata) => SourcePosition.FindLost(item, itemType, metadata, projectFile);

    private void Log(SourcePosition position, BuildFault fault) =>
        log?.LogError(null, fault.Code, null, HelpPage.AddressOf(fault.Code), position.File, position.Line, position.Column, 0, 0, "{0}", fault.Text);
}
