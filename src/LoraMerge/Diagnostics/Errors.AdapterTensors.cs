using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Diagnostics;

// An adapter's tensors: what is missing, what is too much, and what does not fit together.
internal static partial class Errors
{
    /// <summary>What to do about parameters that FSDP strung together in one row of numbers.</summary>
    internal const string FlatRemedy =
        "FSDP had it flat, as its processes share it out: save the adapter again from a checkpoint of the training, with FULL_STATE_DICT.";

    /// <summary>Modules that have a row for each token.</summary>
    private static readonly string[] VocabularyWords = ["embed_tokens", "lm_head", "wte", "embed_in", "embed_out", "word_embeddings", "shared"];

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
            $"Tensor '{tensor.Name}' {tensor.ShapeText} in '{tensor.File}' is none that an adapter of {kind} has, so what it would do is unknown. "
                + (tensor.Name.EndsWith("_flat_param", StringComparison.Ordinal) ? FlatRemedy : "Use the file that the training saved."),
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
            $"Tensor '{tensor.Name}' in '{tensor.File}' is {tensor.DType.HeaderName()}, but F32, F16 or BF16 is expected. "
                + (tensor.Name.Contains(".base_layer.", StringComparison.Ordinal)
                    ? "It is a weight of the quantised base: the file is a dump of the whole model, as it was while it was trained. Save the adapter alone "
                        + "(PEFT's save_pretrained)."
                    : "Save the adapter again in one of these."),
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

    public static LoraMergeException AdapterNamesDisagree(string file, string first, string second, string tensor) =>
        new(
            DiagnosticCode.AdapterNamesDisagree,
            $"'{file}' holds tensors of two adapters, '{first}' and '{second}' ('{tensor}'). Save each adapter in a folder of its own.",
            file
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
}
