using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Options;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace LoraMerge.Build;

/// <summary>
/// Writes the source file by which an app finds its merged models. It needs no merged model and reads no input, so editors may ask for it too.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class WriteModelConstants : Task, IIncrementalTask
{
    /// <summary>A project may set another encoding for its sources.</summary>
    private const string ByteOrderMark = "\uFEFF";

    private static readonly string s_codeOfNotFetched = BuildErrors.NotFetched("").Code;

    /// <summary>A path that is not there is no fault yet: the files may come between the compiler and the merge.</summary>
    private static readonly string[] s_codesOfMissingPaths =
        [BuildErrors.BaseModelMissing("", "").Code, BuildErrors.AdapterMissing("", "").Code, s_codeOfNotFetched];

    /// <summary>All LoraBaseModel items.</summary>
    public ITaskItem[] BaseModels { get; set; } = [];

    /// <summary>All LoraAdapter items.</summary>
    public ITaskItem[] Adapters { get; set; } = [];

    /// <summary>Absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>C# or F#.</summary>
    [Required]
    public string Language { get; set; } = "";

    /// <summary>LoraMergeConstantsNamespace.</summary>
    public string? Namespace { get; set; }

    /// <summary>Absolute path of the source file. It is written only where it would change.</summary>
    [Required]
    public string SourceFile { get; set; } = "";

    /// <summary>Whether a project that cannot be merged is no fault: an editor asks, or nothing is to be merged.</summary>
    public bool IsLenient { get; set; }

    /// <inheritdoc/>
    public bool FailIfNotIncremental { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        var faults = new FaultLog(Log, ProjectFile);
        string space = Namespace?.Trim() ?? "";
        if (space.Length > 0 && !ModelIdentifier.IsNamespace(space))
        {
            if (!IsLenient)
                faults.Error(null, BuildErrors.InvalidNamespace(space));
            space = "";
        }
        // The merge says these again if they are of no account here; its warnings are its own.
        var ofItems = new FaultLog(log: null, ProjectFile);
        IReadOnlyList<ModelRequest> requests = new RequestReader(OptionValues.None, ofItems).Read(BaseModels, Adapters);
        if (!IsLenient && ofItems.Errors.Any(error => !s_codesOfMissingPaths.Contains(error.Fault.Code)))
        {
            // Whether addresses are fetched was not asked yet: that they are not is no fault of theirs.
            foreach ((ITaskItem? item, BuildFault fault) in ofItems.Errors.Where(error => error.Fault.Code != s_codeOfNotFetched))
                faults.Error(item, fault);
        }
        if (!faults.HasErrors)
            Write(ModelConstants.Of(requests), space, faults);
        return !faults.HasErrors;
    }

    private void Write(IReadOnlyList<ModelConstants> models, string space, FaultLog faults)
    {
        string text = string.Join("\n", Language == "F#" ? FSharpConstants.Of(models, space) : CSharpConstants.Of(models, space));
        try
        {
            if (File.Exists(SourceFile) && File.ReadAllText(SourceFile) == text + "\n")
                return;
            if (FailIfNotIncremental)
                faults.Error(null, BuildErrors.ConstantsNotUpToDate(SourceFile));
            else
                AtomicFile.WriteLines(SourceFile, [ByteOrderMark + text]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Error(null, BuildErrors.ConstantsUnwritable(SourceFile, FileFault.Reason(fault)));
        }
    }
}
