using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Agreed.Messages;
using LoraMerge.Checkpoints;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Safetensors;

namespace LoraMerge.Diagnostics;

/// <summary>Makes every fault of the user: what is wrong, where; expected and found; what to do.</summary>
internal static class Errors
{
    /// <summary>More names than these are not read.</summary>
    private const int MostPinnable = 10;

    /// <summary>Several faults at once: all of them are said.</summary>
    public static LoraMergeException All(IReadOnlyList<LoraMergeException> faults) => faults.Count == 1
        ? faults[0]
        : new(faults[0].Code, faults[0].Message, faults[0].File, faults[0]) { Others = [.. faults.Skip(1)] };

    // The request.

    public static LoraMergeException ArgumentInvalid(string option, string value, string expected) =>
        new(DiagnosticCode.ArgumentInvalid, $"{option} is '{value}', but {expected} is expected.");

    public static LoraMergeException NoAdapters(string baseModel) =>
        new(
            DiagnosticCode.ArgumentInvalid,
            $"No adapter is named for the base model '{baseModel}', but at least one is expected: without one there is nothing to merge.",
            baseModel
        );

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
            $"Adapter '{adapter}' asks for version {range} of its base, but '{baseModel}' states no version. Give the base a Version.",
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

    public static LoraMergeException InputLeadsOut(string link, string target) =>
        new(DiagnosticCode.InputLeadsOut,
            $"'{link}' is a link to '{target}', outside of its model's folder: the merged model would hold a file that is not the model's. "
            + "Put the file itself into the folder, or name the folder that it lies in.", link);

    // Checkpoints and safetensors.

    public static LoraMergeException CheckpointHasNoWeights(string folder) =>
        new(DiagnosticCode.CheckpointHasNoWeights,
            $"The base model '{folder}' holds no weights: neither model.safetensors nor pytorch_model.bin, nor an index of several such files. "
            + (PathGuess.ModelsIn(folder) is { Count: > 0 } inside ? Inside("a model", "models", inside) : "Fetch the model's weights into it."), folder);

    public static LoraMergeException SafetensorsInvalid(string file, SafetensorsFormatException cause) =>
        new(
            DiagnosticCode.SafetensorsInvalid,
            $"'{file}' is no sound safetensors file: {Sentence(cause.Message)} "
                + (
                    cause.Fault == SafetensorsFault.NotSafetensors
                        ? "Put the safetensors file in its place (if it should be one, fetch it again), or name another."
                        : "Fetch it again; an interrupted download is the usual cause."
                ),
            file,
            cause
        );

    public static LoraMergeException LfsPointer(string file, long length) =>
        new(
            DiagnosticCode.LfsPointer,
            $"'{file}' is a git LFS pointer of {length} bytes, not the file itself. Run 'git lfs install' and 'git lfs pull' in its repository.",
            file
        );

    public static LoraMergeException IndexInvalid(string file, string reason) =>
        new(DiagnosticCode.IndexInvalid, $"The index '{file}' is not usable: {Sentence(reason)} Fetch it again.", file);

    public static LoraMergeException ShardMissing(string index, string shard, string tensor) =>
        new(
            DiagnosticCode.ShardMissing,
            $"The index '{index}' names the file '{shard}' (for tensor '{tensor}'), which is not there. Fetch it into the same folder.",
            index
        );

    public static LoraMergeException ShardOutsideFolder(string index, string tensor, string shard) =>
        new(
            DiagnosticCode.ShardOutsideFolder,
            $"The index '{index}' names '{shard}' for tensor '{tensor}', but a shard lies in the folder of its index. Do not trust this model; fetch it "
                + "from its publisher.",
            index
        );

    public static LoraMergeException ShardIsNoWeightFile(string index, string shard, string tensor) =>
        new(DiagnosticCode.ShardIsNoWeightFile,
            $"The index '{index}' names the file '{shard}' (for tensor '{tensor}'), but a file of that name is never taken for weights of the base: "
            + "it belongs beside them, or to an adapter, another format, a training or a merge. "
            + "Rename it, in the index too, as in model-00001-of-00002.safetensors.", index);

    public static LoraMergeException BaseFileIsNoWeightFile(string file) =>
        new(DiagnosticCode.BaseFileIsNoWeightFile,
            $"The base model '{file}' is one file, but is not called like one of weights: *.safetensors, *.bin, *.pt, *.pth, *.ckpt or *.gguf is expected. "
            + "Name the model's folder, or rename the file.", file);

    public static LoraMergeException IndexDisagreesWithShard(string index, string tensor, string shard, string how) =>
        new(
            DiagnosticCode.IndexDisagreesWithShard,
            $"The index '{index}' and its files disagree: tensor '{tensor}' in '{shard}', {how}. Fetch the index and the shards of one revision.",
            index
        );

    public static LoraMergeException ConfigInvalid(string file, string reason) =>
        new(DiagnosticCode.ConfigInvalid, $"'{file}' is no usable JSON: {Sentence(reason)} Correct it, or fetch it again.", file);

    public static LoraMergeException JsonTooLarge(string file, long length, long most) =>
        new(
            DiagnosticCode.JsonTooLarge,
            $"'{file}' has {length} bytes, and at most {most} are read of a file of its name, many times what any model needs. Fetch it again.",
            file
        );

    public static LoraMergeException TensorNameTooLong(string file, string name, int most) =>
        new(
            DiagnosticCode.TensorNameTooLong,
            $"'{file}' holds a tensor whose name has {name.Length} characters, and at most {most} are read: '{Printable(name)}'. Fetch it from its publisher.",
            file
        );

    public static LoraMergeException ShapeUncountable(StoredTensor tensor) =>
        new(
            DiagnosticCode.ShapeUncountable,
            $"Tensor '{tensor.Name}' in '{tensor.File}' is {tensor.ShapeText}: it has no elements, but 63 bits cannot hold the product of its other sides, "
                + "by which rows are counted. Fetch it from its publisher.",
            tensor.File
        );

    public static LoraMergeException BaseIsQuantized(string path, string method, string evidence, string? fullPrecision) =>
        new(
            DiagnosticCode.BaseIsQuantized,
            $"The base model '{path}' is quantised ({method}; {evidence}): its numbers are codes, in a form that is not read. "
                + $"Use the full-precision model that it was made from{(fullPrecision is null ? "" : $": '{fullPrecision}'")}.",
            path
        );

    /// <param name="what">A tensor, or the adapter.</param>
    /// <param name="obstacle">As the end of a sentence.</param>
    public static LoraMergeException RequantizeImpossible(string what, string obstacle) =>
        new(DiagnosticCode.RequantizeImpossible,
            $"'{what}' cannot be quantised again as the base is: {obstacle}. Leave Requantize (--requantize) out: the result is plain numbers then, and a "
            + "quantiser can make codes of it.", null);

    public static LoraMergeException PickleInvalid(string file, string reason) =>
        new(
            DiagnosticCode.PickleInvalid,
            $"'{file}' is no sound file of PyTorch: {Sentence(Printable(reason))} Fetch it again; an interrupted download is the usual cause.",
            file
        );

    public static LoraMergeException PickleDamaged(string file, string entry, uint expected, uint found) =>
        new(DiagnosticCode.PickleDamaged,
            $"'{file}' is damaged: the checksum (CRC-32) of '{Printable(entry)}' in its zip archive is "
            + string.Create(CultureInfo.InvariantCulture, $"{expected:x8}, but its bytes give {found:x8}. ")
            + "Fetch it again; if it came from torch.save on this machine, save it again.", file);

    public static LoraMergeException PickleUnsafe(string file, string what, long offset) =>
        new(
            DiagnosticCode.PickleUnsafe,
            $"'{file}' asks for {Printable(what)} at byte {offset} of its pickle, which tensors do not need and which could run code. Nothing of it was "
                + "run. Take the weights from a publisher whom you trust, as safetensors.",
            file
        );

    public static LoraMergeException PickleNotReadable(string file, string reason) =>
        new(
            DiagnosticCode.PickleNotReadable,
            $"'{file}' cannot be read in place: {Sentence(Printable(reason))} Load it with PyTorch, and save it again, as safetensors.",
            file
        );

    public static LoraMergeException PickleTensorNotReadable(string file, string tensor, string how) =>
        new(
            DiagnosticCode.PickleNotReadable,
            $"Tensor '{Printable(tensor)}' in '{file}' {Sentence(how)} Load it with PyTorch, and save its .contiguous() copy, as safetensors.",
            file
        );

    public static LoraMergeException PickleContentUnclear(string file, string what) =>
        new(
            DiagnosticCode.PickleContentUnclear,
            $"'{file}' is no state dict: {Sentence(Printable(what))} Load it with PyTorch, and save the dictionary of its tensors alone, as safetensors.",
            file
        );

    public static LoraMergeException SharedTensorChanged(string tensor, string other, string adapter, string file) =>
        new(
            DiagnosticCode.SharedTensorChanged,
            $"Adapter '{adapter}' changes '{tensor}', which in '{file}' shares its bytes with '{other}': whether the model keeps both the same is unknown. "
                + "Save the base as safetensors with save_pretrained, which writes tied weights once.",
            adapter
        );

    public static LoraMergeException BaseIsAdapter(string folder) =>
        new(
            DiagnosticCode.BaseIsAdapter,
            $"'{folder}' is an adapter, not a base model: it holds adapter_config.json and no model weights. Make it a LoraAdapter, and name its base as "
                + "LoraBaseModel.",
            folder
        );

    public static LoraMergeException DuplicateTensor(string tensor, string first, string second) =>
        new(DiagnosticCode.DuplicateTensor, $"Tensor '{tensor}' is there twice: '{first}' and '{second}'. Remove one of them.", second);

    public static LoraMergeException CheckpointIsAmbiguous(string folder, IEnumerable<string> files) =>
        new(
            DiagnosticCode.CheckpointIsAmbiguous,
            $"'{folder}' holds several weight files and none of them is model.safetensors or named by one index: "
                + $"{List(files.Select(f => Path.GetFileName(f)!))}. Name one file as the base model, or add model.safetensors.index.json.",
            folder
        );

    // Adapters.

    public static LoraMergeException AdapterConfigMissing(string path) =>
        new(
            DiagnosticCode.AdapterConfigMissing,
            $"The adapter '{path}' has no adapter_config.json, without which its rank and scaling are unknown. {ConfigRemedy(path)}",
            path
        );

    public static LoraMergeException AdapterConfigInvalid(string file, string reason) =>
        new(DiagnosticCode.AdapterConfigInvalid, $"'{file}' is not usable: {Sentence(reason)} Correct it, or fetch it again.", file);

    public static LoraMergeException AdapterWeightsMissing(string folder, string expected) =>
        new(DiagnosticCode.AdapterWeightsMissing,
            $"The adapter '{folder}' holds no weights, but {expected} is expected. {OtherFormHint(folder) ?? "Fetch it into the folder."}", folder);

    public static LoraMergeException AdapterShardMissing(string folder, string name, int count) =>
        new(
            DiagnosticCode.AdapterShardMissing,
            $"The adapter '{folder}' lies in {count} files, and '{name}' is not there or no file of an adapter. Fetch all of them, called as they were saved.",
            folder
        );

    public static LoraMergeException NewTokensBeside(StoredTensor rows) =>
        new(
            DiagnosticCode.NewTokensBeside,
            $"'{rows.File}' holds rows of new tokens ('{rows.Name}' {rows.ShapeText}), with which some engines enlarge the vocabulary when they load the "
                + "adapter; such rows cannot be merged. Save the adapter again with its whole embeddings (PEFT's save_embedding_layers), or move the file "
                + "out of the folder to merge without them.",
            rows.File
        );

    public static LoraMergeException RankMismatch(string name, string module, StoredTensor a, int configured) =>
        new(
            DiagnosticCode.RankMismatch,
            $"{name} of '{module}' in '{a.File}' is {a.ShapeText}, but the config says rank {configured}. Correct \"r\" or \"rank_pattern\" in "
                + "adapter_config.json, or use the config that was saved with this file.",
            a.File
        );

    public static LoraMergeException TensorsDoNotFit(string module, IEnumerable<StoredTensor> tensors, string rule) =>
        new(
            DiagnosticCode.RankMismatch,
            $"{List(tensors.Select(tensor => $"{tensor.Name.Split('.')[^1]} {tensor.ShapeText}"))} of '{module}' in '{tensors.First().File}' do not fit: "
                + $"{rule}. Save the adapter again.",
            tensors.First().File
        );

    public static LoraMergeException AdapterIndexInvalid(StoredTensor tensor, long place, double found, long count) =>
        new(
            DiagnosticCode.AdapterIndexInvalid,
            string.Create(
                CultureInfo.InvariantCulture,
                $"'{tensor.Name}' in '{tensor.File}' holds {found} at element {place}, but it counts {count} things, so that whole numbers from 0 to "
                    + $"{count - 1} are expected. Save the adapter again, with the configuration that it was trained with."
            ),
            tensor.File
        );

    public static LoraMergeException AdapterKindUnknown(string file, string field, string kind) =>
        new(
            DiagnosticCode.AdapterKindUnknown,
            $"'{file}' says {field} \"{kind}\", which is no kind of adapter that is known. Correct the file, or ask for this kind.",
            file
        );

    public static LoraMergeException AdapterKindMissing(string file, IEnumerable<string> fields) =>
        new(
            DiagnosticCode.AdapterKindMissing,
            $"'{file}' has no \"peft_type\", so it is no adapter saved by PEFT, nor has it the fields of another library; it holds {List(fields)}. Use the "
                + "adapter_config.json that was saved with the weights.",
            file
        );

    public static LoraMergeException AdapterOfOtherLibrary(string file, string library) =>
        new(
            DiagnosticCode.AdapterOfOtherLibrary,
            $"'{file}' is an adapter of {library}. Only adapters of PEFT and of mlx_lm are merged; train or save it with one of these.",
            file
        );

    public static LoraMergeException AdapterIsNumpyArchive(string file) =>
        new(
            DiagnosticCode.AdapterIsNumpyArchive,
            $"'{file}' is an adapter of mlx_lm 0.5 or earlier: an archive of NumPy arrays, beside which no rank and factor were saved. Save its arrays as "
                + "adapters.safetensors with mlx (mx.save_safetensors), and write beside it an adapter_config.json with \"fine_tune_type\": \"lora\", "
                + $"\"num_layers\": -1 and \"lora_parameters\": {{ \"rank\", \"scale\" }} as they were trained.",
            file
        );

    public static LoraMergeException TrainedWithoutScale(string module, double scale, AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.TrainedWithoutScale,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Adapter '{adapter}' holds trained tokens of '{module}', whose rows the base multiplies by {scale:0.###}. It was written by {origin} "
                    + $"({origin.Evidence}), and PEFT 0.15 to 0.17 trained such a model without that factor on any row, so the merged model would not be "
                    + $"the trained one. Train it with PEFT 0.18 or later; if it was, set AdapterVersion of the adapter to that release."
            ),
            adapter
        );

    public static LoraMergeException AdapterReleaseInvalid(string adapter, string text) =>
        new(
            DiagnosticCode.VersionInvalid,
            $"AdapterVersion of adapter '{adapter}' is '{text}', which is no release of PEFT or mlx_lm, such as 0.13.2.",
            adapter
        );

    public static LoraMergeException AdapterKindNotMergeable(string file, string kind, string reason) =>
        new(
            DiagnosticCode.AdapterKindNotMergeable,
            $"'{file}' is of a kind that cannot be merged: {kind}: {Sentence(reason)} Run it with PEFT, or train LoRA instead.",
            file
        );

    public static LoraMergeException AdapterFormNotYetSupported(string file, string form, string evidence) =>
        new(
            DiagnosticCode.AdapterFormNotYetSupported,
            $"'{file}' is {form} ({evidence}), which this release does not merge yet. Merge it with PEFT and use the result as base model.",
            file
        );

    public static LoraMergeException HalfAPair(string module, string missing, string file) =>
        new(
            DiagnosticCode.HalfAPair,
            $"{missing} of '{module}' is missing in '{file}', but other tensors of it are there. Fetch the file again, or save the adapter again.",
            file
        );

    public static LoraMergeException AdapterTensorTwice(StoredTensor first, StoredTensor second) =>
        new(
            DiagnosticCode.DuplicateTensor,
            $"'{first.Name}' and '{second.Name}' in '{second.File}' are two names of one tensor, so it is unknown which was trained. Remove one of them.",
            second.File
        );

    public static LoraMergeException AdapterTensorUnknown(StoredTensor tensor, string kind) =>
        new(
            DiagnosticCode.AdapterTensorUnknown,
            $"Tensor '{tensor.Name}' {tensor.ShapeText} in '{tensor.File}' is none that an adapter of {kind} has, so what it would do is unknown. Use the "
                + "file that the training saved.",
            tensor.File
        );

    public static LoraMergeException AdapterTensorShapeInvalid(StoredTensor tensor, string dimensions) =>
        new(
            DiagnosticCode.AdapterTensorShapeInvalid,
            $"Tensor '{tensor.Name}' in '{tensor.File}' is {tensor.ShapeText}, but {dimensions} dimensions are expected. Save the adapter again.",
            tensor.File
        );

    public static LoraMergeException AdapterDTypeInvalid(StoredTensor tensor) =>
        new(
            DiagnosticCode.AdapterDTypeInvalid,
            $"Tensor '{tensor.Name}' in '{tensor.File}' is {tensor.DType.HeaderName()}, but F32, F16 or BF16 is expected. Save the adapter again in one of "
                + "these.",
            tensor.File
        );

    public static LoraMergeException AdapterTensorEmpty(StoredTensor tensor) =>
        new(DiagnosticCode.AdapterTensorEmpty,
            $"Tensor '{tensor.Name}' in '{tensor.File}' is {tensor.ShapeText}: it holds no elements. A training that was sharded (DeepSpeed ZeRO-3, FSDP) "
            + "saved it without gathering what its processes held, so the trained numbers are not in the file. Save the adapter again from a checkpoint of "
            + "the training, gathered (zero_to_fp32.py, stage3_gather_16bit_weights_on_model_save).", tensor.File);

    public static LoraMergeException TinkerHeadTied(string module, string adapter, string checkpoint) =>
        new(DiagnosticCode.TinkerHeadTied,
            $"Adapter '{adapter}' is a raw export of Tinker, whose '{module}' is the output head, but in the base model '{checkpoint}' head and embedding "
            + "are one tensor: whether the embedding was trained with it is unknown. Convert the adapter with the Tinker cookbook's build_lora_adapter, and "
            + "merge that.", adapter);

    public static LoraMergeException AdapterIsEmpty(string file) =>
        new(DiagnosticCode.AdapterIsEmpty, $"'{file}' holds no tensors. Save the adapter again.", file);

    public static LoraMergeException AdapterNotFinite(TensorSource tensor, long index, double value) =>
        new(
            DiagnosticCode.AdapterNotFinite,
            $"Tensor '{tensor.Name}' in '{tensor.Parts[0].File}' holds {Number(value)} (element {index}). Its training diverged; use an earlier save.",
            tensor.Parts[0].File
        );

    public static LoraMergeException AdapterNotFinite(TensorSource tensor) =>
        new(
            DiagnosticCode.AdapterNotFinite,
            $"Tensor '{tensor.Name}' in '{tensor.Parts[0].File}' holds infinite values or NaN. Its training diverged; use an earlier save.",
            tensor.Parts[0].File
        );

    public static LoraMergeException AdapterPatternInvalid(string file, string field, string pattern, string reason) =>
        new(
            DiagnosticCode.AdapterPatternInvalid,
            $"\"{field}\" in '{file}' has the key '{pattern}', which is no regular expression: {Sentence(reason)} Correct it.",
            file
        );

    public static LoraMergeException AdapterPatternTooSlow(string pattern, string module, Exception cause) =>
        new(
            DiagnosticCode.AdapterPatternInvalid,
            $"The key '{pattern}' of \"rank_pattern\" or \"alpha_pattern\" takes more than a second to be held against '{module}': the expression goes "
                + "through too many possibilities. Simplify it in adapter_config.json.",
            null,
            cause
        );

    public static LoraMergeException AdapterPatternsTooSlow(int count, TimeSpan limit) =>
        new(
            DiagnosticCode.AdapterPatternInvalid,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {count} keys of \"rank_pattern\" or \"alpha_pattern\" take more than {limit.TotalSeconds} seconds to be held against the modules. "
                    + $"Simplify their expressions in adapter_config.json."
            )
        );

    public static LoraMergeException TooManyPatterns(string file, string field, int most, int mostExpressions) =>
        new(
            DiagnosticCode.TooManyPatterns,
            $"\"{field}\" in '{file}' has more than {most} keys, or more than {mostExpressions} that are expressions and no plain names: far more than a "
                + "model has modules. Leave out those that match none.",
            file
        );

    public static LoraMergeException AdapterNamesDisagree(string file, string first, string second, string tensor) =>
        new(
            DiagnosticCode.AdapterNamesDisagree,
            $"'{file}' holds tensors of two adapters, '{first}' and '{second}' ('{tensor}'). Save each adapter in a folder of its own.",
            file
        );

    public static LoraMergeException MlxFamilyChanged(string adapter, string family, string change) =>
        new(
            DiagnosticCode.MlxFamilyChanged,
            $"Adapter '{adapter}' was trained by mlx_lm, which changes the weights of {family} when it loads them ({change}), so that what it learned does "
                + "not fit the weights in the base's files. Merge it with mlx_lm.fuse.",
            adapter
        );

    public static LoraMergeException MlxPairDoesNotFit(string layer, StoredTensor a, StoredTensor b) =>
        new(
            DiagnosticCode.RankMismatch,
            $"lora_a {a.ShapeText} and lora_b {b.ShapeText} of '{layer}' in '{a.File}' do not fit: the last side of lora_a and the first of lora_b must be "
                + "one rank. Save the adapter again.",
            a.File
        );

    public static LoraMergeException MlxRankMismatch(string layer, StoredTensor tensor, int configured, long found) =>
        new(
            DiagnosticCode.RankMismatch,
            $"'{tensor.Name}' of '{layer}' in '{tensor.File}' is {tensor.ShapeText}, so its rank is {found}, but \"lora_parameters\" in "
                + $"adapter_config.json says {configured}. Use the configuration that was saved with the weights.",
            tensor.File
        );

    public static LoraMergeException MagnitudeDoesNotFit(string layer, StoredTensor magnitude, long expected) =>
        new(
            DiagnosticCode.RankMismatch,
            $"'{magnitude.Name}' of '{layer}' in '{magnitude.File}' is {magnitude.ShapeText}, but one magnitude for each of {expected} rows is expected. "
                + "Save the adapter again.",
            magnitude.File
        );

    public static LoraMergeException TooManyExperts(StoredTensor stacked, int most) =>
        new(
            DiagnosticCode.TooManyExperts,
            $"'{stacked.Name}' {stacked.ShapeText} in '{stacked.File}' holds {stacked.Shape[0]} experts, and at most {most} are read, far more than any "
                + "layer has. Save the adapter again.",
            stacked.File
        );

    public static LoraMergeException ScalingNotFinite(string module, double factor, string adapter) =>
        new(
            DiagnosticCode.ScalingNotFinite,
            $"The change of '{module}' by adapter '{adapter}' has the factor {Number(factor)}, but a finite one is expected: it comes from \"lora_alpha\" "
                + "and the rank in adapter_config.json, a scale in config.json, and the adapter's weight. Correct the one that is too large.",
            adapter
        );

    // Planning.

    /// <param name="missing">Modules without a place.</param>
    /// <param name="count">Modules in all.</param>
    /// <param name="hint">What the base has instead, as a sentence.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="checkpoint">The base.</param>
    public static LoraMergeException ModuleNotInBase(IReadOnlyList<string> missing, int count, string hint, Adapter adapter, Checkpoint checkpoint) =>
        new(DiagnosticCode.ModuleNotInBase,
            $"{missing.Count} of {count} modules of adapter '{adapter.Path}' are not in the base model '{checkpoint.Path}': {List(missing)}. "
            + $"{hint}{BaseHint(adapter)}", adapter.Path);

    public static LoraMergeException ModulePlaceAmbiguous(Adapter adapter, string module, IEnumerable<string> places) =>
        new(DiagnosticCode.ModulePlaceAmbiguous,
            $"The modules of adapter '{adapter.Path}' fit two places of the base alike: '{module}' may be "
            + $"{string.Join(" or ", places.Take(3).Select(place => $"'{place}'"))}, and nothing says which of them was trained. Write the class that was "
            + $"trained into adapter_config.json (\"auto_mapping\": {{ \"base_model_class\": \"...\" }}), or merge into a base that holds that part alone.",
            adapter.Path);

    public static LoraMergeException SavedPlaceAmbiguous(SavedParameter saved, IEnumerable<TensorSource> places, string adapter) =>
        new(DiagnosticCode.SavedPlaceAmbiguous,
            $"Adapter '{adapter}' holds '{saved.Module}.{saved.Parameter}' {saved.Tensor.ShapeText} whole. The base has no tensor of that name, but "
            + $"{List(places.Select(place => place.Name))} end alike and have its shape, and nothing says which of them was trained. Merge into the base "
            + "that the adapter was trained on.", adapter);

    public static LoraMergeException RowsNotInOrder(string module, TensorSource stored, string adapter) =>
        new(DiagnosticCode.RowsNotInOrder,
            $"Adapter '{adapter}' changes '{module}', whose rows the base's '{stored.Name}' {stored.ShapeText} in '{stored.Parts[0].File}' holds in another "
            + "order or not all together, so that its change cannot be taken apart. Save the base again with the release of transformers that trained the "
            + "adapter.",
            adapter);

    public static LoraMergeException ShapeMismatch(AdaptedModule module, TensorSource weight, string adapter) =>
        new(DiagnosticCode.ShapeMismatch,
            $"Adapter '{adapter}' changes '{module.Path}' by {module.ShapesText}, but '{weight.Name}' of the base is {weight.ShapeText}. The adapter was "
            + "trained for a base of another "
            + (VocabularyWords.Contains(module.Path.Split('.')[^1])
                ? "vocabulary or size: tokens may have been added before training. Merge into the base with the vocabulary that was trained."
                : "size."), adapter);

    public static LoraMergeException SavedShapeMismatch(TensorSource saved, TensorSource stored, string adapter) =>
        new(
            DiagnosticCode.ShapeMismatch,
            $"Tensor '{saved.Name}' of adapter '{adapter}' is {saved.ShapeText}, but '{stored.Name}' of the base is {stored.ShapeText}. The adapter was "
                + "trained for a base of another size or vocabulary.",
            adapter
        );

    public static LoraMergeException TensorUnused(StoredTensor tensor, string checkpoint) =>
        new(
            DiagnosticCode.TensorUnused,
            $"Tensor '{tensor.Name}' {tensor.ShapeText} in '{tensor.File}' has no place in the base model '{checkpoint}'. Check that this is the base it "
                + "was trained on, or set LoraMergeOnUnmatched to 'warn' to leave such tensors out.",
            tensor.File
        );

    public static LoraMergeException TrainedBesideUnplaced(StoredTensor tensor, string checkpoint) =>
        new(
            DiagnosticCode.TrainedBesideUnplaced,
            $"'{tensor.File}' beside the adapter holds trained weights, and the base model '{checkpoint}' has no place for its tensor '{tensor.Name}' "
                + $"{tensor.ShapeText}; without it the merged model would not be the trained one. Check that this is the base it was trained on. To merge "
                + "without the file, move it out of the folder; to leave such tensors out, set LoraMergeOnUnmatched to 'warn'.",
            tensor.File
        );

    public static LoraMergeException OrientationAmbiguous(string module, TensorSource weight, string adapter) =>
        new(
            DiagnosticCode.OrientationAmbiguous,
            $"'{weight.Name}' {weight.ShapeText} fits '{module}' of adapter '{adapter}' as it is and transposed, and the base has no config.json with a "
                + "\"model_type\" that says how the architecture stores it. Name the model's folder instead of its weight file, or complete its "
                + "config.json.",
            adapter
        );

    public static LoraMergeException BiasNotInBase(string module, StoredTensor bias, string checkpoint) =>
        new(
            DiagnosticCode.BiasNotInBase,
            $"'{bias.Name}' in '{bias.File}' adds to the bias of '{module}', but the base model '{checkpoint}' has no bias there. Use a base whose "
                + "architecture has one.",
            bias.File
        );

    public static LoraMergeException TargetDTypeInvalid(TensorSource stored, string adapter) =>
        new(
            DiagnosticCode.TargetDTypeInvalid,
            $"Adapter '{adapter}' changes '{stored.Name}', whose dtype in '{stored.Parts[0].File}' is {stored.DType.HeaderName()}: only F32, F16, BF16 "
                + "and F64 can be merged into. Use the full-precision base.",
            stored.Parts[0].File
        );

    public static LoraMergeException TokenOutsideVocabulary(long token, string module, TensorSource stored, string adapter) =>
        new(
            DiagnosticCode.TokenOutsideVocabulary,
            $"Adapter '{adapter}' trains token {token} of '{module}', but the base's vocabulary has {stored.Shape[0]} tokens ('{stored.Name}' is "
                + $"{stored.ShapeText}). Use the base that it was trained on.",
            adapter
        );

    public static LoraMergeException TokenTrainedTwice(string module, long token, string adapter) =>
        new(
            DiagnosticCode.TokenTrainedTwice,
            $"Token {token} of '{module}' is trained twice (adapter '{adapter}'), so its row is ambiguous. Leave one of them out.",
            adapter
        );

    public static LoraMergeException TiedWeightsCannotPart(string module, string adapter, string checkpoint, string family) =>
        new(
            DiagnosticCode.TiedWeightsCannotPart,
            $"Adapter '{adapter}' changes '{module}' alone, but in the base model '{checkpoint}' it is one tensor with the other embeddings: transformers "
                + $"makes those of {family} one again when it loads them, so that no files hold the trained model. Train with ensure_weight_tying, or "
                + $"leave '{module}' out.",
            adapter
        );

    public static LoraMergeException HeadlessBaseCannotPart(string module, string adapter, string checkpoint, string head) =>
        new(
            DiagnosticCode.HeadlessBaseCannotPart,
            $"Adapter '{adapter}' changes '{module}' alone, so that embedding and head part, but the files of the base model '{checkpoint}' are those of a "
                + $"bare model, beside which transformers finds no '{head}.weight'. Load the base with its class for language modelling, save it with "
                + "save_pretrained, and merge into that.",
            adapter
        );

    public static LoraMergeException VocabularySizesDiffer(TensorSource resized, TensorSource other) =>
        new(
            DiagnosticCode.VocabularySizesDiffer,
            $"'{resized.Name}' in '{resized.Parts[0].File}' has {resized.RowCount} tokens, but '{other.Name}' in '{other.Parts[0].File}' has "
                + $"{other.RowCount}: the vocabulary was resized, and the adapter does not hold all of it. Save the adapter again with "
                + "save_embedding_layers=True.",
            resized.Parts[0].File
        );

    public static LoraMergeException GroupedConvolution(AdaptedModule module, TensorSource weight, string adapter) =>
        new(
            DiagnosticCode.GroupedConvolution,
            $"Adapter '{adapter}' changes '{module.Path}' by {module.ShapesText}, but '{weight.Name}' {weight.ShapeText} is a convolution in groups, whose "
                + "weight has no room for a change across groups. Leave the module out.",
            adapter
        );

    public static LoraMergeException PartNeedsPlainLora(string module, TensorSource stored, string adapter) =>
        new(DiagnosticCode.PartNeedsPlainLora,
            $"Adapter '{adapter}' changes '{module}' by more than a product B·A, but the base stores its weight within '{stored.Name}' {stored.ShapeText}. "
            + "Use a base that stores it as a tensor of its own.", adapter);

    public static LoraMergeException ExpertPlaceUnknown(string module, TensorSource stored, string adapter) =>
        new(
            DiagnosticCode.ExpertPlaceUnknown,
            $"Adapter '{adapter}' changes '{module}', whose weight the base stores within '{stored.Name}' {stored.ShapeText}, but neither shapes nor "
                + "config.json tell where in it and which way round. Use the model folder with its config.json, or a base that stores its experts one by "
                + "one.",
            adapter
        );

    public static LoraMergeException LayersCannotReplicate(string adapter, string reason) =>
        new(
            DiagnosticCode.LayersCannotReplicate,
            $"Adapter '{adapter}' was trained on replicated layers (layer_replication): {Sentence(reason)} Use the base that it was trained on, and merge "
                + "adapters of other layers into other models.",
            adapter
        );

    public static LoraMergeException ModuleOrderUnknown(string first, string second, string adapter) =>
        new(
            DiagnosticCode.ModuleOrderUnknown,
            $"Adapter '{adapter}' shares or draws its numbers in the order in which the model's class makes its modules, and whether '{first}' or "
                + $"'{second}' comes first is not known for this architecture. Save the adapter with its indices or projections (save_indices, "
                + "save_projection), or merge it with PEFT.",
            adapter
        );

    public static LoraMergeException ModuleSizesUnknown(string module, string adapter) =>
        new(
            DiagnosticCode.ModuleSizesUnknown,
            $"Adapter '{adapter}' holds no random matrices, and to draw them again the sizes of all its modules are needed, but the base has no weight of "
                + $"its own for '{module}'. Save the adapter with save_projection, or use the base that it was trained on.",
            adapter
        );

    public static LoraMergeException NothingToMerge(string checkpoint, IEnumerable<string> adapters) =>
        new(
            DiagnosticCode.NothingToMerge,
            $"No tensor of {List(adapters)} has a place in the base model '{checkpoint}': there is nothing to merge. Check that this is the base they were "
                + "trained on."
        );

    public static LoraMergeException TensorReplacedTwice(string tensor, string first, string second) =>
        new(
            DiagnosticCode.TensorReplacedTwice,
            $"Adapter '{second}' replaces '{tensor}' whole, but adapter '{first}' has changed it already: one of the two would be lost. Merge them into "
                + "two models.",
            second
        );

    public static LoraMergeException NewTensorWithWeight(StoredTensor tensor, double weight) =>
        new(
            DiagnosticCode.NewTensorWithWeight,
            string.Create(
                CultureInfo.InvariantCulture,
                $"'{tensor.Name}' in '{tensor.File}' is new to the base, so it cannot be taken with weight {weight}. Use weight 1 for this adapter."
            ),
            tensor.File
        );

    public static LoraMergeException CombinationRanksDiffer(string way, IEnumerable<(string Adapter, long Rank)> ranks, string? module) =>
        new(
            DiagnosticCode.CombinationRanksDiffer,
            $"'{way}' combines adapters of one rank only, but {string.Join(", ", ranks.Select(pair => $"'{pair.Adapter}' has rank {pair.Rank}"))}"
                + (module is null ? "" : $" in '{module}'")
                + ". Use sequential, cat or svd, which take any ranks.",
            ranks.First().Adapter
        );

    public static LoraMergeException CombinationNeedsPlainLora(string way, string tensor, string adapter, string how) =>
        new(
            DiagnosticCode.CombinationNeedsPlainLora,
            $"'{way}' combines the low-rank products B·A of adapters and nothing else, but adapter '{adapter}' changes '{tensor}' in another form: it "
                + $"{how}. It would be lost. Use sequential, which takes every form.",
            adapter
        );

    public static LoraMergeException CombinationDensityMissing(string way) =>
        new(
            DiagnosticCode.CombinationDensityMissing,
            $"'{way}' keeps a share of the elements, and no density says which share. Give one from 0 to 1, such as 0.5 (Density of the base model, --density)."
        );

    // Merging.

    public static LoraMergeException RowTooLong(TensorSource tensor, Int128 length, long most) =>
        new(
            DiagnosticCode.RowTooLong,
            $"Tensor '{tensor.Name}' {tensor.ShapeText} in '{tensor.Parts[0].File}' has rows, or groups of rows that belong together, of {length} "
                + $"elements, but a merge computes them whole, up to {most}. Leave it out of the adapter, or keep its dtype.",
            tensor.Parts[0].File
        );

    public static LoraMergeException ShardImpossible(string file, ArgumentException cause) =>
        new(
            DiagnosticCode.ShardImpossible,
            $"'{file}' of the merged model cannot be written as a safetensors file: {Sentence(Printable(cause.Message))} If its tensors are too many, set "
                + "MaxShardSize; else fetch the base from its publisher.",
            null,
            cause
        );

    public static LoraMergeException TooManyElementsToCombine(string way, TensorSource tensor, long count) =>
        new(
            DiagnosticCode.TooManyElementsToCombine,
            $"'{way}' would have to look at {count} elements of the changes of '{tensor.Name}' {tensor.ShapeText} together, and can at no more than "
                + $"{int.MaxValue}. Use sequential, which takes any size.",
            tensor.Parts[0].File
        );

    public static LoraMergeException LibTorchNotFound(string platform, string? folder) =>
        new(
            DiagnosticCode.LibTorchNotFound,
            $"libtorch for {platform} was not found{(folder is null ? "" : $" in '{folder}'")}. It exists for linux-x64, win-x64 and osx-arm64; "
                + $"there, restore the package LoraMerge.Build.Runtime.{platform}."
        );

    public static LoraMergeException LibTorchNotLoadable(string library, Exception cause) =>
        new(
            DiagnosticCode.LibTorchNotLoadable,
            $"'{library}' cannot be loaded: {Sentence(cause.Message)} On Linux it needs glibc 2.27 and libstdc++ 6 or newer.",
            null,
            cause
        );

    public static LoraMergeException CudaNotAvailable(string device, int count) =>
        new(
            DiagnosticCode.CudaNotAvailable,
            $"Device '{device}' was asked for, but CUDA finds {count} devices. Check the NVIDIA driver, or set LoraMergeDevice to 'cpu' or 'auto'."
        );

    public static LoraMergeException CudaRuntimeNotInstalled(string device) =>
        new(
            DiagnosticCode.CudaRuntimeNotInstalled,
            $"Device '{device}' was asked for, but the CUDA runtime is not installed. Run 'lora-merge runtime add cuda' once (several GB), or set "
                + "LoraMergeDevice to 'cpu' or 'auto'."
        );

    public static LoraMergeException ResultNotFinite(string tensor, DType dtype, IReadOnlyList<string> adapters) =>
        new(
            DiagnosticCode.ResultNotFinite,
            $"The merged '{tensor}' does not fit {dtype.HeaderName()}: some of its values are infinite or no numbers. {LargerRange(dtype, adapters)}"
        );

    public static LoraMergeException BaseNotFinite(TensorSource tensor) =>
        new(
            DiagnosticCode.BaseNotFinite,
            $"Tensor '{tensor.Name}' in '{tensor.Parts[0].File}' holds infinite values or NaN. Fetch the base model again.",
            tensor.Parts[0].File
        );

    public static LoraMergeException CopiesDiffer(TensorSource copy) =>
        new(
            DiagnosticCode.CopiesDiffer,
            $"'{copy.Name}' in '{copy.Parts[0].File}' should be a second copy of a tensor that another key or adapter holds, but its values differ, so it is "
                + "unknown which were trained. Merge the adapters into two models, or save the adapter again.",
            copy.Parts[0].File
        );

    public static LoraMergeException VerificationFailed(string file, string expected, string found) =>
        new(
            DiagnosticCode.VerificationFailed,
            $"'{file}' does not read back as it was written: hash {expected} expected, {found} found. Check the disk, and merge again.",
            file
        );

    public static LoraMergeException VerificationImpossible(string file, Exception cause) =>
        new(
            DiagnosticCode.VerificationFailed,
            $"'{file}' was written, but cannot be read back: {Sentence(cause.Message)} Check the disk, and merge again.",
            file,
            cause
        );

    public static LoraMergeException FileFault(Exception cause) =>
        new(DiagnosticCode.FileFault,
            $"A file could not be read or written: {Sentence(cause.Message)} Check the disk and the permissions, and try again.", null, cause);

    // GGUF.

    public static LoraMergeException OptionNotOfFormat(string option, string value, string format, string remedy) =>
        new(DiagnosticCode.OptionNotOfFormat, $"{option}=\"{value}\" was asked for, which the format '{format}' does not have. {remedy}");

    public static LoraMergeException NoGgufAdapter(string tensor, string reason, string method) =>
        new(
            DiagnosticCode.NoGgufAdapter,
            $"'{tensor}' cannot be changed by a GGUF adapter ({method}): {reason}, and such a file holds products of two small factors for tensors of the "
                + "base, nothing else. Merge the adapter into the model (Format=\"gguf\")."
        );

    public static LoraMergeException ModelOfOtherFormat(string path, string what, string remedy) =>
        new(DiagnosticCode.ModelOfOtherFormat, $"'{path}' is {what}: models of different formats are not compared. {remedy}", path);

    public static LoraMergeException QuantizationUnknown(string text, IReadOnlyList<string> known) =>
        Gguf(LayoutErrors.QuantizationUnknown(text, known), file: null);

    public static LoraMergeException GgufInvalid(GgufFormatException cause) =>
        new(
            DiagnosticCode.GgufInvalid,
            $"'{cause.Path}' is no sound GGUF file: {Sentence(cause.Message)} Fetch it again; an interrupted download is the usual cause.",
            cause.Path,
            cause
        );

    public static LoraMergeException GgufAdapterOfOtherArchitecture(string adapter, string architecture, string checkpoint, string found) =>
        new(DiagnosticCode.GgufAdapterOfOtherArchitecture,
            $"The GGUF adapter '{adapter}' was made for a model of architecture '{Printable(architecture)}', but the base '{checkpoint}' is "
            + $"'{found}' in GGUF. Name the base that it was trained on.", adapter);

    public static LoraMergeException GgufAdapterUnplaced(string adapter, string checkpoint, GgufLayoutException cause) =>
        new(DiagnosticCode.GgufAdapterUnplaced,
            $"The GGUF adapter '{adapter}' names tensors as llama.cpp does, and how it names those of the base '{checkpoint}' cannot be told: "
            + $"{cause.Message} Or name the adapter that the file was made from, in the form of PEFT.", adapter, cause);

    public static LoraMergeException GgufAdapterTensorUndoable(StoredTensor tensor, string source, string adapter) =>
        new(DiagnosticCode.GgufAdapterTensorUndoable,
            $"Tensor '{tensor.Name}' {tensor.ShapeText} of the GGUF adapter '{adapter}' changes what llama.cpp put together of '{source}' and others, "
            + "and which part of it is whose cannot be told by two factors. Name the adapter that the file was made from, in the form of PEFT.", tensor.File);

    public static LoraMergeException GgufAdapterKeyMissing(string file, string key, string expected) =>
        new(DiagnosticCode.GgufAdapterKeyMissing, $"The GGUF adapter '{file}' cannot be read: for {key}, {expected} is expected. Convert it again.", file);

    public static LoraMergeException GgufAdapterOfOtherType(string file, string type) =>
        new(DiagnosticCode.GgufAdapterOfOtherType,
            $"The GGUF adapter '{file}' is of type \"{Printable(type)}\", but only \"lora\" (adapter.type) is a change of weights that can be merged. "
            + "Use it as an adapter at run time.", file);

    public static LoraMergeException GgufIsNoAdapter(string file) =>
        new(DiagnosticCode.GgufIsNoAdapter,
            $"'{file}' is a GGUF file of a model, not an adapter (general.type is not \"adapter\"). Name it as the base model, and the adapter in its place.",
            file);

    public static LoraMergeException ClassifierNotInGguf(string adapter, string name) =>
        new(DiagnosticCode.ClassifierNotInGguf,
            $"The adapter '{adapter}' has a head for classes, so that the merged model is a {Printable(name)}, which is none that is written as GGUF. "
            + "Write the model as a safetensors folder (Format=\"safetensors\").", adapter);

    public static LoraMergeException GgufHoldsNoModel(string file, string type) =>
        new(DiagnosticCode.GgufHoldsNoModel,
            $"The base model '{file}' is a GGUF file of type \"{Printable(type)}\" (general.type), but \"model\" is expected. "
            + (type == "adapter" ? "It is an adapter: name it as one, and the model that it changes in its place." : "Name the model's own file."), file);

    /// <summary>A model that cannot be written as GGUF, or a GGUF file that cannot be turned back: the message is complete.</summary>
    /// <param name="cause">What is wrong.</param>
    /// <param name="file">The file that the fault lies in, as the user wrote it; null where there is none.</param>
    public static LoraMergeException Gguf(GgufLayoutException cause, string? file) => new(CodeOf(cause.Fault), cause.Message, file, cause);

    // The store.

    public static LoraMergeException ManifestInvalid(string file, string reason) =>
        new(DiagnosticCode.ManifestInvalid, $"'{file}' is no usable manifest: {Sentence(reason)} Merge the model again.", file);

    public static LoraMergeException ReportFileNotOurs(string file) =>
        new(
            DiagnosticCode.ReportFileNotOurs,
            $"'{file}' is there already, and it is no report of LoraMerge's: it is not written over. Choose another file for the report.");

    public static LoraMergeException ReportOfOtherModel(string model, string key, string expected) =>
        new(
            DiagnosticCode.ReportOfOtherModel,
            $"'{model}' was not made of these inputs: its manifest has the key {key}, and they give {expected}. Name the base, the adapters and the options "
                + "that it was merged with ('lora-merge verify' says what differs), or leave them out for a report of its manifest alone.");

    public static LoraMergeException NoManifestToReport(string model, string file) =>
        new(
            DiagnosticCode.NoManifestToReport,
            $"'{model}' has no {file}, by which a merged model tells what it was made of. Name the folder of a merged model, or give --base and --adapter.");

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

    internal static string Bytes(long count) =>
        count < 10_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.##} MB")
        : count < 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.##} GB");

    private static DiagnosticCode CodeOf(LayoutFault fault) => fault switch
    {
        LayoutFault.FileNotRestorable => DiagnosticCode.GgufNotRestorable,
        LayoutFault.ArchitectureUnknown => DiagnosticCode.GgufArchitectureUnknown,
        LayoutFault.ConfigFieldInvalid => DiagnosticCode.GgufConfigFieldInvalid,
        LayoutFault.ConfigNotSayable => DiagnosticCode.GgufConfigNotSayable,
        LayoutFault.TensorMissing => DiagnosticCode.GgufTensorMissing,
        LayoutFault.TensorUnknown => DiagnosticCode.GgufTensorUnknown,
        LayoutFault.TensorShape => DiagnosticCode.GgufTensorShape,
        LayoutFault.TokenizerMissing => DiagnosticCode.TokenizerMissing,
        LayoutFault.TokenizerInvalid => DiagnosticCode.TokenizerInvalid,
        LayoutFault.TokenizerNotSayable => DiagnosticCode.TokenizerNotSayable,
        LayoutFault.PreTokenizerUnknown => DiagnosticCode.PreTokenizerUnknown,
        LayoutFault.VocabularyMismatch => DiagnosticCode.TokenizerVocabularyMismatch,
        LayoutFault.QuantizationUnknown => DiagnosticCode.QuantizationUnknown,
        LayoutFault.ValueNotRepresentable => DiagnosticCode.ValueNotInGgufType,
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };

    private static string BaseHint(Adapter adapter) => adapter.Config.BaseModelName is string name
        ? $"The adapter was trained on '{name}': check that this is the same model."
        : "Check that this is the base it was trained on.";

    private static string LargerRange(DType dtype, IReadOnlyList<string> adapters) => (dtype, adapters.Count) switch
    {
        (DType.F16, 0) => "Ask for DType=\"float32\" or \"bfloat16\", whose range is larger.",
        (DType.F16, _) => $"Ask for DType=\"float32\" or \"bfloat16\", whose range is larger, or check {List(adapters)} and the weights.",
        (_, 0) => "Its values are too large for that range; keep the base's dtype.",
        _ => $"Check {List(adapters)} and the weights: such values come from a training that diverged, or from far too large a weight.",
    };

    private static string ConfigRemedy(string path) => PathGuess.AdaptersIn(path) is { Count: > 0 } inside ? Inside("an adapter", "adapters", inside)
        : OtherFormHint(path)
            ?? (PathGuess.IsModel(path) ? "It looks like a base model: name it as one, and the adapter's folder in its place."
            : "Fetch the file that was saved with it.");

    private static string Inside(string one, string several, IReadOnlyList<string> folders) => folders.Count == 1
        ? $"There is {one} in '{folders[0]}': name that folder."
        : $"There are {several} in {PathGuess.Quoted(folders)}: name the one that is meant.";

    /// <summary>An adapter in a form that is not read, beside which the right one often lies; null where there is none.</summary>
    private static string? OtherFormHint(string folder) =>
        PathGuess.FileIn(folder, "", ".gguf") is string gguf ? $"It holds '{gguf}', a GGUF file of llama.cpp: if it is the adapter, name it itself."
        : PathGuess.FileIn(folder, "adapter_", ".pt") is string own
            ? $"It holds '{own}', a checkpoint of torchtune in its own form: name the adapter that torchtune saved beside it in the form of PEFT."
        : null;

    /// <summary>Modules that have a row for each token.</summary>
    private static readonly string[] VocabularyWords = ["embed_tokens", "lm_head", "wte", "embed_in", "embed_out", "word_embeddings", "shared"];

    internal static string List(IEnumerable<string> items)
    {
        string[] all = [.. items];
        return string.Join(", ", all.Take(3).Select(item => $"'{item}'")) + (all.Length > 3 ? $" and {all.Length - 3} more" : "");
    }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Text from a file that nobody vouches for: one line of bounded length.</summary>
    private static string Printable(string text) =>
        new([.. text.Take(400).Select(c => char.IsControl(c) ? '?' : c), .. text.Length > 400 ? "..." : ""]);

    private static string Sentence(string text) => text.TrimEnd('.', ' ') + ".";
}
