using LoraMerge.Agreed.Messages;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Diagnostics;

// A base model's files: shards, index, configuration.
internal static partial class Errors
{
    public static LoraMergeException CheckpointHasNoWeights(string folder) =>
        new(DiagnosticCode.CheckpointHasNoWeights,
            $"The base model '{folder}' holds no weights: neither model.safetensors nor pytorch_model.bin, nor an index of several such files. "
            + (PathGuess.ModelsIn(folder) is { Count: > 0 } inside ? Inside("a model", "models", inside)
                : PathGuess.FileIn(folder, "consolidated", "") is string own
                    ? $"'{own}' is in the form of its maker (Meta, Mistral), with other names and rows; fetch the model in Hugging Face's form."
                    : "Fetch the model's weights into it."), folder);

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

    /// <summary>An adapter in a form that is not read, beside which the right one often lies; null where there is none.</summary>
    private static string? OtherFormHint(string folder) =>
        PathGuess.FileIn(folder, "", ".gguf") is string gguf ? $"It holds '{gguf}', a GGUF file of llama.cpp: if it is the adapter, name it itself."
        : PathGuess.FileIn(folder, "adapter_", ".pt") is string own
            ? $"It holds '{own}', a checkpoint of torchtune in its own form: name the adapter that torchtune saved beside it in the form of PEFT."
        : PathGuess.FileIn(folder, "", ".pth.lora") is string lit
            ? $"It holds '{lit}', an adapter of LitGPT in its own form, with names and joined projections of its own: merge it there (litgpt merge_lora), and "
                + "convert the result (litgpt convert_from_litgpt)."
        : PathGuess.FileIn(folder, "", ".nemo") is string nemo
            ? $"It holds '{nemo}', an archive of NeMo with Megatron's names: merge it there, or export it in the form of PEFT (Megatron-Bridge: "
                + "save_hf_adapter)."
        : PathGuess.FileBelow(folder, "adapter_model.") is string below ? $"'{below}' is in it: put it and adapter_config.json into one folder, and name that."
        : PathGuess.IsAdapter(folder) && PathGuess.FileIn(folder, "model", ".safetensors") is string state
            ? $"It holds '{state}', which no release of PEFT calls an adapter's; a training's state (accelerate) has that name. If it holds the adapter's "
                + "tensors and no weights of the model, call it adapter_model.safetensors."
        : null;
}
