using LoraMerge.Agreed.Messages;

namespace LoraMerge.Diagnostics;

// What is asked for, and the files that it names.
internal static partial class Errors
{
    /// <summary>More names than these are not read.</summary>
    private const int MostPinnable = 10;

    public static LoraMergeException ArgumentInvalid(string option, string value, string expected) =>
        new(DiagnosticCode.ArgumentInvalid, $"{option} is '{value}', but {expected} is expected.");

    public static LoraMergeException NoAdapters(string baseModel) =>
        new(
            DiagnosticCode.ArgumentInvalid,
            $"No adapter is named for the base model '{baseModel}', but at least one is expected: without one there is nothing to merge.",
            baseModel
        );

    public static LoraMergeException BaseVersionMismatch(string adapter, string range, string baseModel, string version) =>
        new(
            DiagnosticCode.BaseVersionMismatch,
            $"Adapter '{adapter}' asks for version '{range}' of its base, but '{baseModel}' is version {version}. Use a base of that version, or correct "
                + "BaseModelVersion of the adapter or Version of the base.",
            adapter
        );

    public static LoraMergeException BaseVersionMissing(string adapter, string range, string baseModel) =>
        new(
            DiagnosticCode.BaseVersionMismatch,
            $"Adapter '{adapter}' asks for version {range} of its base, but '{baseModel}' states no version. Give the base a Version (--base-version).",
            adapter
        );

    public static LoraMergeException BaseVersionConflict(string baseModel, (string Path, string Range) first, (string Path, string Range) second) =>
        new(
            DiagnosticCode.BaseVersionConflict,
            $"Two adapters ask for versions of '{baseModel}' that exclude each other: '{first.Path}' for '{first.Range}', '{second.Path}' for "
                + $"'{second.Range}'. Use adapters that were trained on one version, or merge them into two models (MergedModelName) of two bases.",
            second.Path
        );

    public static LoraMergeException VersionInvalid(string what, string text, string input) =>
        new(
            DiagnosticCode.VersionInvalid,
            $"{what} is '{text}', which is no version of NuGet or SemVer, such as 1.2.0, and no range of them, such as [1.0,2.0).",
            input
        );

    public static LoraMergeException PathNotFound(string what, string path) =>
        new(
            DiagnosticCode.PathNotFound,
            $"The {what} '{path}' does not exist.{PathGuess.ForMissing(path)} Correct the path, or fetch what belongs there.",
            path
        );

    public static LoraMergeException InputIsOfAnotherKind(string path, string kind, string remedy) =>
        new(DiagnosticCode.InputIsOfAnotherKind, $"'{path}' is {kind}, but a model, an adapter or its weight file is expected. {remedy}", path);

    public static LoraMergeException InputNotReadable(string file, Exception cause) =>
        new(DiagnosticCode.InputNotReadable, $"'{file}' cannot be read: {Sentence(cause.Message)} Check that it exists and may be read.", file, cause);

    public static LoraMergeException InputChangedDuringMerge(string file) =>
        new(DiagnosticCode.InputChangedDuringMerge, $"'{file}' changed while it was merged. Nothing was written; merge again when it is complete.", file);

    public static LoraMergeException InputNotFetched(string address, string file) =>
        new(
            DiagnosticCode.InputNotFetched,
            $"'{address}' was not fetched for this build: '{file}' does not have it. Run 'dotnet build -t:RestoreLoraModels', which writes that file."
        );

    public static LoraMergeException PinnedFileDiffers(string file, string expected, string found) =>
        new(
            DiagnosticCode.PinnedFileDiffers,
            $"'{file}' is not the file that Sha256 pins: {expected} is expected, {found} found. Put the right file back; or, if it was changed on "
                + "purpose, change the pin.",
            file
        );

    public static LoraMergeException PinnedFileMissing(string path, string name, IEnumerable<string> files) =>
        new(
            DiagnosticCode.PinnedFileMissing,
            $"Sha256 pins '{name}', but no such file of '{path}' decides the merged model. Files that do are "
                + $"{string.Join(", ", files.Take(MostPinnable))}. Correct the name; it starts at the folder, and a path has '/'.",
            path
        );

    public static LoraMergeException PinOfSeveralFiles(string path, IEnumerable<string> weights) =>
        new(
            DiagnosticCode.WeightsNotPinned,
            $"Sha256 is one digest, but '{path}' has several weight files: {string.Join(", ", weights.Take(MostPinnable))}. Pin each: NAME=DIGEST, with "
                + "';' between, or the lines that 'sha256sum' writes.",
            path
        );

    public static LoraMergeException WeightsNotPinned(string path, string name) =>
        new(
            DiagnosticCode.WeightsNotPinned,
            $"Sha256 pins files of '{path}', but not its weight file '{name}', which could be swapped. Pin that file too.",
            path
        );

    public static LoraMergeException InputIsSpecial(string file, string kind) =>
        new(
            DiagnosticCode.InputIsSpecial,
            $"'{file}' is {kind}, but a file is expected: reading it might never end. Remove it, or put the file in its place.",
            file
        );

    public static LoraMergeException TextIsUtf16(string file) =>
        new(
            DiagnosticCode.TextIsUtf16,
            $"'{file}' is text in UTF-16, but UTF-8 is expected: whatever opens the merged model could not read it. Save it as UTF-8.",
            file
        );

    public static LoraMergeException InputLeadsOut(string link, string target) =>
        new(DiagnosticCode.InputLeadsOut,
            $"'{link}' is a link to '{target}', outside of its model's folder: the merged model would hold a file that is not the model's. "
            + "Put the file itself into the folder, or name the folder that it lies in.", link);
}
