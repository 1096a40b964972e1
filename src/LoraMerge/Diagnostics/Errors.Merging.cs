using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Diagnostics;

// The arithmetic, libtorch, and the check of what was written.
internal static partial class Errors
{
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

    public static LoraMergeException TiedCopiesDiffer(TensorSource shared) =>
        new(
            DiagnosticCode.TiedCopiesDiffer,
            $"By its config.json the base's output head and '{shared.Name}' in '{shared.Parts[0].File}' are one tensor (tie_word_embeddings), but its files "
                + "hold a head of its own with other values. transformers 4 puts the embedding in its place, transformers 5 keeps both, so that it is unknown "
                + "which head the adapter was trained with. If both count, set tie_word_embeddings to false; if not, leave the head out of the base's files.",
            shared.Parts[0].File
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

    private static string LargerRange(DType dtype, IReadOnlyList<string> adapters) => (dtype, adapters.Count) switch
    {
        (DType.F16, 0) => "Ask for DType=\"float32\" or \"bfloat16\", whose range is larger.",
        (DType.F16, _) => $"Ask for DType=\"float32\" or \"bfloat16\", whose range is larger, or check {List(adapters)} and the weights.",
        (_, 0) => "Its values are too large for that range; keep the base's dtype.",
        _ => $"Check {List(adapters)} and the weights: such values come from a training that diverged, or from far too large a weight.",
    };
}
