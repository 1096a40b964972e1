using LoraMerge.Safetensors;

namespace LoraMerge.Diagnostics;

// Where a merged model goes: a folder, or a build's store.
internal static partial class Errors
{
    public static LoraMergeException OutputInsideInput(string output, string input) =>
        new(
            DiagnosticCode.OutputInsideInput,
            $"The output '{output}' is, holds or lies in the input '{input}': the merge would change its own input. Choose another output folder."
        );

    public static LoraMergeException OutputNotOurs(string output) =>
        new(
            DiagnosticCode.OutputNotOurs,
            $"The output '{output}' is a folder with files but without lora-merge.json, so it is not an earlier result and is left alone. Choose an empty "
                + "or new folder, or empty this one."
        );

    public static LoraMergeException OutputIsFile(string output) =>
        new(DiagnosticCode.OutputNotOurs, $"The output '{output}' is a file, but a merged model is a folder. Choose another name.");

    public static LoraMergeException OutputHoldsForeignFile(string output, string file) =>
        new(
            DiagnosticCode.OutputNotOurs,
            $"The output '{output}' is an earlier result, but it holds '{file}', which no merge wrote and which would be lost. Move it away, or choose "
                + "another folder."
        );

    public static LoraMergeException StagingHoldsForeignFile(string folder, string file) =>
        new(DiagnosticCode.OutputNotOurs,
            $"'{folder}', where a merge works, holds '{file}', which no merge wrote and which would be lost. Move it away, or "
            + "choose another output folder.");

    public static LoraMergeException OutputLockIsForeign(string output, string file) =>
        new(DiagnosticCode.OutputNotOurs,
            $"'{file}', which a merge to '{output}' would lock, is a file with contents, which no merge wrote and which would be "
            + "lost. Move it away, or choose another output folder.");

    public static LoraMergeException OutputIsMountPoint(string output) =>
        new(DiagnosticCode.OutputCannotBeReplaced,
            $"The output '{output}' is where a file system is mounted, as a volume of a container is: a merged model takes its "
            + "place whole, by a rename, which no system allows there. Choose a folder in it, such as "
            + $"'{Path.Combine(output, "model")}'.");

    public static LoraMergeException OutputIsInLowerLayer(string output, Exception cause) =>
        new(DiagnosticCode.OutputCannotBeReplaced,
            $"The output '{output}' comes with the image of this container, so it cannot be renamed: {Sentence(cause.Message)} A "
            + "merged model takes its place whole, by a rename. Delete the folder first, or choose another one.", null, cause);

    public static LoraMergeException OutputParentNotWritable(string output, Exception cause) =>
        new(DiagnosticCode.OutputParentNotWritable,
            $"'{output}' cannot be replaced: a merge makes the new model beside it, in '{Path.GetDirectoryName(output)}', and puts "
            + $"it into its place whole, by a rename. That folder cannot be written: {Sentence(cause.Message)} Make it writable, or "
            + "choose an output in one that is.", null, cause);

    public static LoraMergeException OutputNotSettled(string output, Exception cause) =>
        new(DiagnosticCode.OutputNotSettled,
            $"The new model is in '{output}', whole, but then the system failed: {Sentence(cause.Message)} The earlier one could "
            + "not be put back either. Check the disk, and merge again.", null, cause);

    public static LoraMergeException StateNotWritable(string file, string model, Exception cause) =>
        new(DiagnosticCode.OutputNotWritable,
            $"The merged model is in '{model}', whole, but '{file}', by which the next build would know, cannot be written: "
            + $"{Sentence(cause.Message)} Make room or change its permissions, and build again: nothing is merged then.", null, cause);

    public static LoraMergeException OutputIsBeingWritten(string output) =>
        new(DiagnosticCode.OutputNotWritable, $"Another merge is writing '{output}' at this moment. Wait for it, or choose another folder.");

    public static LoraMergeException DiskSpaceTooSmall(string folder, long needed, long free) =>
        new(
            DiagnosticCode.DiskSpaceTooSmall,
            $"The merged model needs {Bytes(needed)} in '{folder}', but only {Bytes(free)} are free there. Nothing was written. Free some space, or choose "
                + "another folder."
        );

    public static LoraMergeException OutputNotWritable(string path, Exception cause) => cause is DiskFlushException flush
        ? new(DiagnosticCode.DiskFlushFailed,
            $"'{flush.Path}' was written, but the disk did not take it: {Sentence(cause.Message)} Check the disk, its free space "
            + "and the quota, and merge again.", null, cause)
        : new(DiagnosticCode.OutputNotWritable,
            $"'{path}' cannot be written: {Sentence(cause.Message)} Make room or change its permissions, or choose another folder.", null, cause);

    public static LoraMergeException ManifestInvalid(string file, string reason) =>
        new(DiagnosticCode.ManifestInvalid, $"'{file}' is no usable manifest: {Sentence(reason)} Merge the model again.", file);

    public static LoraMergeException ReportFileNotOurs(string file) =>
        new(
            DiagnosticCode.ReportFileNotOurs,
            $"'{file}' is there already, and it is no report of LoraMerge's: it is not written over. Choose another file for the report.");

    public static LoraMergeException ReportInsideModel(string file, string model) =>
        new(
            DiagnosticCode.ReportInsideModel,
            $"The report '{file}' would lie in '{model}': a page is no part of a model, and the next merge would stop at a file there that it does not know. "
                + "Choose a place outside of it for the report.");

    /// <summary>The same fault, with what came of the merge before it.</summary>
    public static LoraMergeException OnlyReportFailed(LoraMergeException fault, string model) =>
        new(fault.Code, $"{fault.Message} The merged model itself is in its place, whole, in '{model}': only the report is not.", fault.File, fault);

    public static LoraMergeException ReportOfOtherModel(string model, string key, string expected) =>
        new(
            DiagnosticCode.ReportOfOtherModel,
            $"'{model}' was not made of these inputs: its manifest has the key {key}, and they give {expected}. Name the base, the adapters and the options "
                + "that it was merged with ('lora-merge verify' says what differs), or leave them out for a report of its manifest alone.");

    /// <param name="model">What was named as a merged model.</param>
    /// <param name="file">Name of a manifest.</param>
    /// <param name="hasInputs">Whether base and adapters are given too.</param>
    public static LoraMergeException NoManifestToReport(string model, string file, bool hasInputs) =>
        new(
            DiagnosticCode.NoManifestToReport,
            $"'{model}' has no {file}, by which a merged model tells what it was made of. "
                + (hasInputs
                    ? "Leave it out, and the report is of the merge that the base and the adapters give; or name the folder of the model that was "
                        + "merged of them."
                    : "Name the folder of a merged model; or, for a report of a merge that was not made yet, give --base and --adapter instead."));

    public static LoraMergeException NotAStore(string folder) =>
        new(
            DiagnosticCode.NotAStore,
            $"'{folder}' is no store of merged models: "
                + (Directory.Exists(folder) ? "it holds none, and none was ever merged into it" : "there is no such folder")
                + ". Name the folder of LoraMergeCacheFolder, or obj/lora of a project.",
            folder
        );

    public static LoraMergeException EntryHoldsForeignFile(string folder, string file) =>
        new(DiagnosticCode.EntryHoldsForeignFile,
            $"'{folder}' is to be replaced by the merged model of that name, but it holds '{file}', which no merge wrote and which "
            + "would be lost. Move it away.");
}
