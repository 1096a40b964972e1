using System.Globalization;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Faults;

/// <summary>Makes every fault of a model that cannot be written as GGUF: what is wrong, where; expected and found; what to do.</summary>
internal static class LayoutErrors
{
    public const string Config = "config.json";

    private const string OrSafetensors = "or write the model as a safetensors folder (Format=\"safetensors\")";

    public static GgufLayoutException QuantizationUnknown(string text, IReadOnlyList<string> known) => new(LayoutFault.QuantizationUnknown,
        $"There is no quantization '{text}'. Use {Either(known)}.");

    public static GgufLayoutException ArchitectureUnknown(IReadOnlyCollection<string> found, IEnumerable<string> known) => new(LayoutFault.ArchitectureUnknown,
        $"The model's architecture is {(found.Count == 0 ? "not told in config.json (\"architectures\")" : List(found))}, "
        + $"which is none that is written as GGUF. Those are {List(known)}. Write the model as a safetensors folder (Format=\"safetensors\").", Config);

    public static GgufLayoutException ConfigFieldMissing(string field) => new(LayoutFault.ConfigFieldInvalid,
        $"config.json has no \"{field}\", without which the model cannot be described in GGUF. Use the config.json that belongs to the model.", Config);

    public static GgufLayoutException ConfigFieldInvalid(string field, string found, string expected) => new(LayoutFault.ConfigFieldInvalid,
        $"\"{field}\" in config.json is {found}, but {expected} is expected. Use the config.json that belongs to the model.", Config);

    public static GgufLayoutException ConfigNotSayable(string architecture, string field, string found, string readers) => new(LayoutFault.ConfigNotSayable,
        $"\"{field}\" in config.json is {found}, but readers of GGUF's '{architecture}' {readers}, and GGUF has no word for anything else: "
        + $"the file would be another model. Correct the config if it is wrong, {OrSafetensors}.", Config);

    public static GgufLayoutException TensorMissing(string architecture, string source, string target) => new(LayoutFault.TensorMissing,
        $"The model has no tensor '{source}', which GGUF's '{architecture}' needs for {Name(target)}. Fetch the whole model, or correct config.json.");

    public static GgufLayoutException TensorUnknown(string architecture, string name, int count) => new(LayoutFault.TensorUnknown,
        string.Create(CultureInfo.InvariantCulture,
            $"GGUF's '{architecture}' has no place for tensor {Name(name)}{(count > 1 ? $" and {count - 1} others" : "")} of the model, ")
        + "and readers refuse a file with a tensor too many. Write the model as a safetensors folder (Format=\"safetensors\").");

    public static GgufLayoutException TensorShape(string name, string found, string expected, string meaning) => new(LayoutFault.TensorShape,
        $"Tensor {Name(name)} is {found}, but by config.json it is {expected} ({meaning}). Use the config.json that belongs to the model.");

    public static GgufLayoutException TensorNotDivisible(string name, string found, string needed) => new(LayoutFault.TensorShape,
        $"Tensor {Name(name)} is {found}, but {needed}. Use the config.json that belongs to the model.");

    public static GgufLayoutException HeadCannotPart(string architecture, string head) => new(LayoutFault.TensorUnknown,
        $"The model's head '{head}' is a tensor of its own, but readers of GGUF's '{architecture}' always take the embedding in its place. "
        + "Train the adapter without the head, or write the model as a safetensors folder (Format=\"safetensors\").");

    public static GgufLayoutException TokenizerMissing(string expected) => new(LayoutFault.TokenizerMissing,
        $"The model has no tokenizer, which a GGUF file must hold; {expected} is expected beside its weights. Fetch it into the model's folder.");

    public static GgufLayoutException TokenizerInvalid(string file, string reason) => new(LayoutFault.TokenizerInvalid,
        $"'{file}' is no usable tokenizer: {reason}. Fetch it again.", file);

    public static GgufLayoutException TokenizerNotSayable(string file, string what) => new(LayoutFault.TokenizerNotSayable,
        $"The tokenizer in '{file}' {what}. Write the model as a safetensors folder (Format=\"safetensors\").", file);

    public static GgufLayoutException PreTokenizerUnknown(string file, string parts, string hash) => new(LayoutFault.PreTokenizerUnknown,
        $"llama.cpp has no name for the way the tokenizer in '{file}' splits text: {parts} (SHA-256 of its expressions: {hash}). "
        + "Under another name text would become other tokens. Write the model as a safetensors folder (Format=\"safetensors\").", file);

    public static GgufLayoutException VocabularyTooSmall(string file, long token, string text, long rows) => new(LayoutFault.VocabularyMismatch,
        string.Create(CultureInfo.InvariantCulture,
            $"The tokenizer in '{file}' has a token of number {token} ({Name(text)}), but the embedding has only {rows} rows, for tokens 0 to {rows - 1}. ")
        + "Use the tokenizer that belongs to the model, or train the adapter with the embedding resized.", file);

    public static GgufLayoutException TokenTwice(string file, string text, long first, long second) => new(LayoutFault.TokenizerInvalid,
        string.Create(CultureInfo.InvariantCulture,
            $"In '{file}' tokens {first} and {second} have the same text {Name(text)}, at which readers of GGUF end their process. ")
        + "Use the tokenizer that belongs to the model.", file);

    public static GgufLayoutException ValueNotRepresentable(string tensor, string source, GgufType type, string reason) => new(
        LayoutFault.ValueNotRepresentable,
        $"Tensor '{tensor}' (from '{source}') cannot be written as {type}: {reason} Use another quantization: BF16 holds all values of a bfloat16 model.");

    public static GgufLayoutException ValueNotFinite(string tensor, string source) => new(LayoutFault.ValueNotRepresentable,
        $"Tensor '{tensor}' (from '{source}') holds infinite values or NaN, which readers of GGUF compute nonsense with. Use a sound model.");

    public static GgufLayoutException FileArchitectureUnknown(string file, string found, IEnumerable<string> known) => new(LayoutFault.FileNotRestorable,
        $"The GGUF file '{file}' is of architecture {Name(found)}, which is not turned back into a Hugging Face model. "
        + $"Those are {List(known)}. Use the model that the file was made from.", file);

    public static GgufLayoutException FileNotRestorable(string file, string what, string expected) => new(LayoutFault.FileNotRestorable,
        $"The GGUF file '{file}' cannot be turned back into a Hugging Face model: for {what}, {expected} is expected. "
        + "Use the model that the file was made from.", file);

    /// <summary>The reason alone: the file is a model all the same.</summary>
    public static GgufLayoutException FileTokenizerNotRestorable(string file, string what, string expected) =>
        new(LayoutFault.FileNotRestorable, $"for {what}, {expected} is expected", file);

    private static string Name(string name) => GgufFormatException.Quote(name);

    private static string List(IEnumerable<string> names) => string.Join(", ", names);

    private static string Either(IReadOnlyList<string> names) => $"{List(names.SkipLast(1))} or {names[^1]}";
}
