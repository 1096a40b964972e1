using LoraMerge.Agreed.Messages;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>
/// Every error and warning of the task: 1001–1099 and 1171–1173 for what items and properties ask for, 6001–6049 and 6060–6064 for what was built before. The
/// worker has a table of its own.
/// </summary>
/// <remarks>LORA1023 and LORA1024 are written by the targets file, which must work where this assembly does not.</remarks>
internal static class BuildErrors
{
    public static BuildFault BaseModelMissing(string path, string written) =>
        new(
            "LORA1001",
            $"The base model '{path}' does not exist.{PathGuess.ForMissing(path, written)} Correct Include of the LoraBaseModel; a relative path "
                + "starts at the project's folder."
        );

    public static BuildFault AdapterMissing(string path, string written) =>
        new(
            "LORA1002",
            $"The adapter '{path}' does not exist.{PathGuess.ForMissing(path, written)} Correct Include of the LoraAdapter; a relative path "
                + "starts at the project's folder."
        );

    public static BuildFault NoBaseModel() =>
        new(
            "LORA1003",
            "There is a LoraAdapter but no LoraBaseModel to merge it into. Add <LoraBaseModel Include=\"FOLDER\" /> with the folder of the model that the "
                + "adapter was trained for."
        );

    public static BuildFault NoAdapter(string baseModel) =>
        new(
            "LORA1004",
            $"No LoraAdapter belongs to the LoraBaseModel '{baseModel}', so there is nothing to merge. Add <LoraAdapter Include=\"FOLDER\" />, or remove "
                + "the LoraBaseModel; a model that ships as it is needs only Content. Wildcards in Include find files, not folders."
        );

    public static BuildFault UnknownBaseModel(string value, IReadOnlyList<string> known) =>
        new(
            "LORA1005",
            $"BaseModel='{value}' names no LoraBaseModel. {(known.Count == 1 ? $"The only one is '{known[0]}'" : $"There are {PathGuess.Quoted(known)}")}.",
            "BaseModel"
        );

    public static BuildFault AmbiguousBaseModel(string adapter, IReadOnlyList<string> candidates) =>
        new(
            "LORA1006",
            $"The adapter '{adapter}' may belong to {PathGuess.Quoted(candidates)}. Set BaseModel to the Include or to the MergedModelName of one of them.",
            "BaseModel"
        );

    public static BuildFault NotAModel(string path) =>
        new(
            "LORA1007",
            $"'{path}' is neither a folder nor a weight file (*.safetensors, *.bin, *.pt, *.pth, *.gguf). Name the folder itself, "
                + $"'{Path.GetDirectoryName(path)}': wildcards in Include match files, not folders."
        );

    public static BuildFault InvalidName(string name) =>
        new(
            "LORA1008",
            $"MergedModelName='{name}' cannot be the name of a folder on every system. Leave out / \\ : * ? \" < > | and control characters, a dot or a "
                + "space at the end, and names of Windows devices.",
            "MergedModelName"
        );

    public static BuildFault NameTwice(string name, string first, string second) =>
        new(
            "LORA1009",
            $"Two merged models are named '{name}': one of base model '{first}', one of '{second}'. Give each LoraBaseModel a MergedModelName of its own.",
            "MergedModelName"
        );

    public static BuildFault NamesDifferInCase(string first, string second) =>
        new(
            "LORA1009",
            $"Two merged models are named '{first}' and '{second}', which is one name to systems that do not tell upper from lower case. For one model "
                + "write it alike on all of its adapters; for two, give them other names.",
            "MergedModelName"
        );

    public static BuildFault TargetPathTwice(string targetPath, string first, string second) =>
        new(
            "LORA1010",
            $"The merged models '{first}' and '{second}' would both be written to '{targetPath}' in the output folder. Give each a TargetPath or "
                + "MergedModelName of its own.",
            "TargetPath"
        );

    public static BuildFault InvalidTargetPath(string targetPath) => new("LORA1011",
        $"TargetPath='{targetPath}' is not a folder below the output folder. Write a relative path that stays below it, such as models/chat.", "TargetPath");

    private static BuildFault InvalidWeight(string value) => new("LORA1012",
        $"Weight='{value}' is not a finite number. Write it with a point, such as 0.5.", "Weight");

    private static BuildFault InvalidDensity(string value) => new("LORA1028",
        $"Density='{value}' is not a share from 0 to 1. Write it with a point, such as 0.5.", "Density");

    private static BuildFault UnknownValue(string name, string value, params string[] known) =>
        UnknownValue(name, value, Spelling.Nearest(value, known), known);

    private static BuildFault UnknownValue(string name, string value, string? meant, string[] known) => new("LORA1013",
        $"{name}='{value}' is unknown.{(meant is null ? "" : $" Was '{meant}' meant?")} Write one of: {string.Join(", ", known)}.", name);

    private static BuildFault InvalidCount(string name, string value) => new("LORA1014",
        $"{name}='{value}' is not a whole number of at least 1. Correct it, or leave it out for the default.");

    private static BuildFault InvalidByteCount(string name, string value) => new("LORA1015",
        $"{name}='{value}' is no size. Write a number and a unit, such as 500MB or 2.5GB.", name);

    /// <summary>A value that its option cannot have.</summary>
    public static BuildFault Invalid(MergeOption option, string value) =>
        option.Form.Kind switch
        {
            OptionFormKind.Number => InvalidWeight(value),
            OptionFormKind.Share => InvalidDensity(value),
            OptionFormKind.Count => InvalidCount(option.Name, value),
            OptionFormKind.Size => InvalidByteCount(option.Name, value),
            // Nearer to 'cpu' by its letters.
            OptionFormKind.Device when value.IndexOf("gpu", StringComparison.OrdinalIgnoreCase) >= 0 => UnknownValue(
                option.Name,
                value,
                "cuda",
                ["auto", "cpu", "cuda", "cuda:N"]
            ),
            OptionFormKind.Device => UnknownValue(option.Name, value, "auto", "cpu", "cuda", "cuda:N"),
            OptionFormKind.Switch => UnknownValue(option.Name, value, "true", "false"),
            OptionFormKind.Digests => InvalidDigests(option.Name, value),
            _ => UnknownValue(option.Name, value, [.. option.Form.Words]),
        };

    public static BuildFault OptionOfOtherFormat(string name, string value, string format, string instead) => new("LORA1060",
        $"{name}='{value}' is asked for, which Format=\"{format}\" does not have: {instead}. Correct one of them.", name);

    /// <param name="name">The metadata.</param>
    /// <param name="value">Its value.</param>
    /// <param name="kept">What the result has of the base, and so cannot have otherwise.</param>
    public static BuildFault OptionBesideKeep(string name, string value, string kept) => new("LORA1060",
        $"{name}='{value}' is asked for beside Requantize=\"keep\", with which the result has the base's {kept}. Leave one of them out.", name);

    public static BuildFault ModelfileOfNoModel() =>
        new(
            "LORA1060",
            "LoraMergeModelfile='true' is asked for, and no base model has Format=\"gguf\", the format that Ollama opens by it. Set the format of one, or "
                + "leave the property out.",
            "LoraMergeModelfile"
        );

    public static BuildFault InvalidDigests(string name, string value) => new("LORA1070",
        $"{name}='{value}' is no SHA-256 of files. Write 64 hexadecimal digits for an input of one weight file, or NAME=DIGITS for each file with ';' "
            + "between.", name);

    public static BuildFault FetchCrashed(int exitCode, string lastWords, string commandLine) =>
        new(
            "LORA1071",
            $"Fetching models ended with exit code {exitCode}, which is no fault of the project. "
                + $"{(lastWords.Length > 0 ? "It said: " + lastWords : "")}What has come is kept. To repeat it in a shell: {commandLine}"
        );

    public static BuildFault NotFetched(string address) => new("LORA1072",
        $"'{address}' is not fetched, or its files in the cache are not as they were, and this build may not fetch. Run 'dotnet build "
            + "-t:RestoreLoraModels' first.");

    public static BuildFault MetadataResembles(string itemType, string name, string known, string knownOf) => new("LORA1018",
        $"The metadata '{name}' of a {itemType} means nothing. Was '{known}'{(knownOf == itemType ? "" : $" of the {knownOf}")} meant?", name);

    public static BuildFault MetadataOfOtherItem(string itemType, string name, string otherType) => new("LORA1019",
        $"The metadata '{name}' means nothing on a {itemType}: it belongs on a {otherType}.", name);

    public static BuildFault MetadataUnknown(string itemType, string name, IEnumerable<string> known) => new("LORA1035",
        $"The metadata '{name}' of a {itemType} means nothing. A {itemType} has {string.Join(", ", known)}.", name);

    /// <param name="name">The property.</param>
    /// <param name="setBy">Where no file sets it: what does, between commas.</param>
    /// <param name="meant">What it may have been meant to be; null where nothing is near.</param>
    public static BuildFault PropertyUnknown(string name, string setBy, string? meant) =>
        new(
            "LORA1036",
            $"The property '{name}'{setBy} means nothing, and nothing uses it."
                + (meant is null ? " README.md of the package lists those that do." : $" Was {meant} meant?")
        );

    public static BuildFault ItemUnknown(string name, string meant) =>
        new("LORA1171", $"The item '{name}' means nothing, and nothing uses it. Was '{meant}' meant?");

    public static BuildFault OthersModelReplaced(string folder, string project) =>
        new(
            "LORA1172",
            $"'{folder}' held another model, which this project did not put there; now it holds that of '{project}'. Most likely another project with this "
                + "output folder has a merged model of the same name, and the two replace each other in every build. Give one of them a MergedModelName or a "
                + "TargetPath of its own, or each project its own output folder."
        );

    /// <param name="targetPath">Where both would go.</param>
    /// <param name="referenced">Absolute path of the referenced project's model in its store.</param>
    public static BuildFault ReferencedModelReplaced(string targetPath, string referenced) =>
        new(
            "LORA1173",
            $"A project that this one references has another merged model for '{targetPath}' ('{referenced}'): it is left out, the output has this project's "
                + "own in its place, and publishing fails with NETSDK1152. Give one of them a MergedModelName or a TargetPath of its own."
        );

    public static BuildFault UnsupportedRuntime(string runtime) =>
        new(
            "LORA1020",
            $"Models cannot be merged on '{runtime}': libtorch exists for linux-x64, win-x64 and osx-arm64. Build on one of these, or set LoraMergeEnabled "
                + "to false here."
        );

    public static BuildFault RuntimeMissing(string runtime) =>
        new(
            "LORA1021",
            $"The package LoraMerge.Build.Runtime.{runtime} with the libraries for this machine is not there. Run 'dotnet restore'; where the reference to "
                + "LoraMerge.Build has IncludeAssets or ExcludeAssets, let them include 'buildTransitive'."
        );

    public static BuildFault DotnetMissing() =>
        new(
            "LORA1022",
            "The 'dotnet' that starts the merge was not found: DOTNET_HOST_PATH names no file, and there is none in the SDK's folder or on the PATH. "
                + "Install the .NET SDK 10 or later, or set DOTNET_HOST_PATH."
        );

    public static BuildFault LineBreak(string name) => new("LORA1025",
        $"{name} holds a line break. Remove it.");

    public static BuildFault WorkerMissing(string path) =>
        new(
            "LORA1026",
            $"'{path}', the program that merges, is not there. Restore the package LoraMerge.Build again: delete its folder in the package cache and run "
                + "'dotnet restore'."
        );

    public static BuildFault Unreadable(string path, string reason) => new("LORA1027",
        $"'{path}' cannot be read: {reason} If it is a link, its target may be missing; else look at its permissions.");

    public static BuildFault OutputMeetsInput(string output, string input) =>
        new(
            "LORA1029",
            $"The merged model would go to '{output}', which is, holds or lies in the input '{input}': what it is made from would be overwritten. Build or "
                + "publish into another folder, or set TargetPath.",
            "TargetPath"
        );

    public static BuildFault BaseHoldsOutput(string baseModel, string folder) =>
        new(
            "LORA1030",
            $"The base model '{baseModel}' holds '{folder}', where the build writes: its own files would become part of the model. Put the model into a "
                + "folder of its own."
        );

    public static BuildFault BaseModelTwice(string path) =>
        new(
            "LORA1031",
            $"The LoraBaseModel '{path}' is listed twice, here and before, perhaps in an imported file. Remove one of them; to make several models of it, "
                + "give its adapters a MergedModelName each.",
            IsLast: true
        );

    public static BuildFault AdapterTwice(string path) =>
        new(
            "LORA1031",
            $"The LoraAdapter '{path}' is listed twice for one merged model, here and before, perhaps in an imported file. Remove one of them; to apply it "
                + "twice as strongly, set its Weight to 2.",
            IsLast: true
        );

    /// <param name="itemType">LoraBaseModel or LoraAdapter.</param>
    /// <param name="name">The metadata that is empty now.</param>
    /// <param name="reference">What is written for it, such as <c>%(Voice.Strength)</c>.</param>
    public static BuildFault MetadataLost(string itemType, string name, string reference) =>
        new(
            "LORA1090",
            $"{name} of this {itemType} is empty, as outside of targets MSBuild puts nothing in the place of {reference}. "
                + $"Where the item is made of such items, write %({reference.TrimEnd(')').Substring(reference.IndexOf('.') + 1).Trim()}); "
                + "else make it in a target.",
            name
        );

    public static BuildFault ContentMeetsModel(string model, string targetPath, string content, string suggestedName) =>
        new(
            "LORA1032",
            $"The merged model '{model}' and the file '{content}' of the project's content would both be written to '{targetPath}'. Give the model a "
                + $"MergedModelName of its own, such as '{suggestedName}', or take the file out of Content."
        );

    public static BuildFault InputLeadsOut(string link, string target) => new("LORA1050",
        $"'{link}' is a link to '{target}', outside of its model's folder: the app would ship a file that is not the model's. "
        + "Put the file itself into the folder, or name the folder that it lies in.");

    public static BuildFault InvalidNamespace(string value) => new("LORA1080",
        $"LoraMergeConstantsNamespace='{value}' is no namespace. It takes names with points between them, such as 'My.App'; without it the class "
        + $"{ModelConstants.ClassName} is in the global namespace.");

    public static BuildFault ConstantsNotUpToDate(string path) => new("LORA1081",
        $"'{path}', by which the app finds its merged models, is not up to date. Build without -question.");

    public static BuildFault ConstantsUnwritable(string path, string reason) => new("LORA1082",
        $"'{path}', by which the app finds its merged models, cannot be written: {reason} Make it writable, or set LoraMergeConstants to false.");

    public static BuildFault NotBuilt(string model, string configuration) => new("LORA6001",
        $"The merged model '{model}' is not there or not up to date, and NoBuild is set. Run 'dotnet build -c {configuration}' first.");

    public static BuildFault NotUpToDate(string model, string reason) => new("LORA6002",
        $"The merged model '{model}' is not up to date: {reason}.");

    public static BuildFault Unwritable(string path, string reason) => new("LORA6003",
        $"'{path}' cannot be written: {reason}");

    public static BuildFault NotRemembered(string path, string reason) =>
        new(
            "LORA6003",
            $"'{path}' cannot be written: {reason} Every merged model is in its place; this file remembers for later builds which files those are. Build "
                + "again when it can be written."
        );

    public static BuildFault WorkerCrashed(string model, int exitCode, string lastWords, string commandLine) =>
        new(
            "LORA6004",
            $"Merging '{model}' ended with exit code {exitCode}, which is no fault of the project. {(lastWords.Length > 0 ? "It said: " + lastWords : "")}"
                + $"What was merged before is as it was. To repeat it in a shell: {commandLine}"
        );

    public static BuildFault NothingMerged(string model, string store) => new("LORA6005",
        $"Merging '{model}' ended well but left no whole model in '{store}'. Does something else write to this folder?");

    public static BuildFault NotSettled(string folder, string reason) =>
        new(
            "LORA6060",
            $"The new model is in '{folder}', whole, but then the system failed: {reason} The earlier one could not be put back either. Check the disk, "
                + "and build again."
        );

    /// <summary>Nothing has changed in the place.</summary>
    public static BuildFault NotPlaced(string file, Exception fault) =>
        fault is DamagedFileException
            ? new(
                "LORA6009",
                $"'{file}' was not written: {fault.Message} What was there before is as it was. Build again: the model is merged anew. If that recurs, "
                    + "check the disk, and who writes to the store."
            )
            : new(
                "LORA6006",
                $"'{file}' cannot be written: {FileFault.Reason(fault)} What was there before is as it was. {FileFault.Remedy(fault)}, and build again."
            );

    public static BuildFault NotWhole(string folder, string file, Exception fault) =>
        new(
            "LORA6007",
            $"'{folder}' holds no whole model now: '{file}' cannot be written: {FileFault.Reason(fault)} So that nobody takes it for one, it has no "
                + $"lora-merge.json. {FileFault.Remedy(fault)}, and build again."
        );

    public static BuildFault NotRemoved(string folder, string file, Exception fault) =>
        new(
            "LORA6008",
            $"The merged model in '{folder}', which the project no longer asks for, is not gone: '{file}' cannot be deleted: {FileFault.Reason(fault)} "
                + $"{FileFault.Remedy(fault)}; the next build tries again."
        );
}
