using System.Globalization;

namespace LoraMerge.Diagnostics;

// PyTorch's pickle files.
internal static partial class Errors
{
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
}
