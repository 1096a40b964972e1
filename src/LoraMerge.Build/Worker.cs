using System.Diagnostics;
using System.Text;
using LoraMerge.Agreed.Options;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build;

/// <summary>Merges, fetches or reports in a process of its own, which gives back all memory and cannot take the build down with it.</summary>
internal sealed class Worker : ToolTask
{
    private const int LongestLastWords = 300;

    /// <summary>Faults of what one metadata asks for stand at it.</summary>
    private static readonly Dictionary<string, string> s_metadata = new()
    {
        ["LORA2112"] = OptionTable.Requantize.Name,
        ["LORA2113"] = OptionTable.Requantize.Name,
        ["LORA2114"] = OptionTable.Requantize.Name,
        ["LORA7060"] = OptionTable.BaseSha256.Name,
        ["LORA7061"] = OptionTable.BaseSha256.Name,
        ["LORA7062"] = OptionTable.BaseSha256.Name,
    };

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly string _host;
    private readonly string _workerPath;
    private readonly WorkerJob _job;
    private readonly string _projectFile;
    private readonly FaultLog _faults;
    private string _lastWords = "";
    private bool _isInStack;
    private bool _hasReportedError;
    private bool _isCanceled;

    public Worker(ITask owner, string host, string workerPath, WorkerJob job, string projectFile, FaultLog faults)
    {
        BuildEngine = owner.BuildEngine;
        HostObject = owner.HostObject;
        _host = host;
        _workerPath = workerPath;
        _job = job;
        _projectFile = projectFile;
        _faults = faults;
        YieldDuringToolExecution = true;
        // The two streams are told apart by these.
        StandardOutputImportance = nameof(MessageImportance.High);
        StandardErrorImportance = nameof(MessageImportance.Normal);
    }

    /// <summary>To be pasted into a shell.</summary>
    public string ShellLine =>
        $"{QuotedArgument.ForShell(_host)} exec {QuotedArgument.ForShell(_workerPath)} {_job.Command} {QuotedArgument.ForShell("@" + _job.ResponseFile)}";

    public override void Cancel()
    {
        _isCanceled = true;
        base.Cancel();
    }

    protected override string ToolName => "dotnet";

    protected override Encoding StandardOutputEncoding => s_utf8;

    protected override Encoding StandardErrorEncoding => s_utf8;

    protected override string GenerateFullPathToTool() => _host;

    protected override string GetWorkingDirectory() => Path.GetDirectoryName(_projectFile)!;

    protected override string GenerateCommandLineCommands()
    {
        string[] arguments = ["exec", _workerPath, _job.Command, "@" + _job.ResponseFile, .. WorkerArguments.OfParent()];
        return string.Join(" ", arguments.Select(QuotedArgument.ForProcess));
    }

    protected override ProcessStartInfo GetProcessStartInfo(string pathToTool, string commandLineCommands, string responseFileSwitch)
    {
        ProcessStartInfo start = base.GetProcessStartInfo(pathToTool, commandLineCommands, responseFileSwitch);
        // MSBuild's own variables would bend every 'dotnet' that the worker starts; hooks are meant for the user's programs.
        foreach (string name in start.Environment.Keys.Where(IsForeign).ToList())
            start.Environment.Remove(name);
        return start;
    }

    // The line that counts is the one that can be pasted; it is logged with the rest for those who look.
    protected override void LogToolCommand(string message) => Log.LogCommandLine(MessageImportance.Low, ShellLine);

    protected override void LogEventsFromTextOutput(string singleLine, MessageImportance messageImportance)
    {
        if (messageImportance == StandardOutputImportanceToUse)
            // Never a fault, whatever names of files in it look like. Named after the project: builds of others say something at the same time.
            Log.LogMessage(MessageImportance.High, "{0}: {1}", Path.GetFileNameWithoutExtension(_projectFile), singleLine.Trim());
        else if (WorkerFault.TryParse(singleLine) is { } fault)
            Report(fault);
        else if (singleLine.Trim().Length > 0)
            KeepLastWords(singleLine.Trim());
    }

    protected override bool HandleTaskExecutionErrors()
    {
        if (!_hasReportedError && !_isCanceled)
            _faults.Error(_job.ItemOf(""), _job.Crashed(ExitCode, _lastWords, ShellLine));
        return false;
    }

    private void Report(WorkerFault fault)
    {
        _hasReportedError |= fault.IsError;
        var said = new BuildFault(fault.Code, fault.Text, s_metadata.TryGetValue(fault.Code, out string? metadata) ? metadata : null);
        ITaskItem? item = _job.ItemOf(fault.Origin);
        bool isOfFile = item is null && Path.IsPathRooted(fault.Origin); // such as the lock file
        SourcePosition position = isOfFile ? new SourcePosition(fault.Origin, 0, 0) : SourcePosition.Of(item, said, _projectFile);
        if (fault.IsError)
            _faults.Error(position, said);
        else
            _faults.Warning(position, said);
    }

    // The first lines name the fault; then comes the stack, for those who look.
    private void KeepLastWords(string line)
    {
        _isInStack |= line.StartsWith("at ", StringComparison.Ordinal);
        if (!_isInStack && _lastWords.Length < LongestLastWords)
            _lastWords += line + " ";
        Log.LogMessage(MessageImportance.Normal, "{0}", line);
    }

    private static bool IsForeign(string variable)
    {
        return variable.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
            || variable.Equals("DOTNET_STARTUP_HOOKS", StringComparison.OrdinalIgnoreCase);
    }
}
