using LoraMerge.Checkpoints;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Diagnostics;

// GGUF, and what a format does not have.
internal static partial class Errors
{
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
            cause.Fault switch
            {
                GgufFault.VersionNotSupported => $"'{cause.Path}' is a GGUF file that is not read: {Sentence(cause.Message)} "
                    + "Take one that llama.cpp has written since 2023 for usual machines, or the model that it was made of.",
                GgufFault.SplitInvalid => $"'{cause.Path}' is a part of a model that cannot be opened: {Sentence(cause.Message)} "
                    + "Have all files of the model in one folder, under the names that they were published with.",
                _ => $"'{cause.Path}' is no sound GGUF file: {Sentence(cause.Message)} Fetch it again; an interrupted download is the usual cause.",
            },
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
}
