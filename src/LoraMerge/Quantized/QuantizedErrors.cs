using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Faults that only quantised bases can have.</summary>
internal static class QuantizedErrors
{
    private const string FetchAgain = "Fetch the file again from its publisher, or use the full-precision model.";

    public static LoraMergeException PartMissing(StoredTensor codes, string format, string missing) =>
        new(DiagnosticCode.QuantizedPartMissing,
            $"'{codes.Name}' in '{codes.File}' is quantised ({format}), but '{missing}', without which its values cannot be told, is in none of the base's "
            + $"files. {FetchAgain}", codes.File);

    public static LoraMergeException ShapeMismatch(StoredTensor part, string format, string expected) =>
        new(DiagnosticCode.QuantizedShapeMismatch,
            $"'{part.Name}' in '{part.File}' is {part.ShapeText}; expected for a quantised weight ({format}): {expected}. {FetchAgain}", part.File);

    public static LoraMergeException DTypeMismatch(StoredTensor part, string format, IEnumerable<DType> expected) =>
        new(DiagnosticCode.QuantizedDTypeMismatch,
            $"'{part.Name}' in '{part.File}' is {part.DType.HeaderName()}; expected for a quantised weight ({format}): "
            + $"{string.Join(" or ", expected.Select(dtype => dtype.HeaderName()))}. {FetchAgain}", part.File);

    public static LoraMergeException ScaleNotFinite(StoredTensor part, long index, double value) =>
        new(DiagnosticCode.QuantizedScaleNotFinite,
            string.Create(CultureInfo.InvariantCulture,
                $"Number {index} of '{part.Name}' in '{part.File}', a scale of a quantised weight, is {value}; expected a finite one. {FetchAgain}"),
            part.File);

    public static LoraMergeException ZeroPointOutside(StoredTensor part, long index, int value, int bits) =>
        new(DiagnosticCode.QuantizedZeroPointOutside,
            string.Create(CultureInfo.InvariantCulture,
                $"Number {index} of '{part.Name}' in '{part.File}', a zero point of a weight of {bits} bits, is {value}; expected {-(1 << (bits - 1))} to "
                + $"{(1 << (bits - 1)) - 1}. {FetchAgain}"), part.File);

    public static LoraMergeException GroupOutside(StoredTensor part, long index, long value, long groups) =>
        new(DiagnosticCode.QuantizedGroupOutside,
            string.Create(CultureInfo.InvariantCulture,
                $"Number {index} of '{part.Name}' in '{part.File}' says that a column belongs to group {value}; expected 0 to {groups - 1}, as there are "
                + $"{groups} groups. {FetchAgain}"), part.File);

    public static LoraMergeException PartUnused(StoredTensor part, string format) =>
        new(DiagnosticCode.QuantizedPartUnused,
            $"'{part.Name}' in '{part.File}' is called as a part of a quantised weight is ({format}), but the base holds no codes that it belongs to. A merge "
            + $"without it could be another model. {FetchAgain}", part.File);

    public static LoraMergeException SettingInvalid(string file, string setting, string found, string expected) =>
        new(DiagnosticCode.QuantizationSettingInvalid,
            $"'{file}' says of the quantisation {setting}: {found}; expected {expected}. Correct it, or fetch the file again from its publisher.", file);

    public static LoraMergeException ShapeInvalid(StoredTensor codes, ImmutableArray<long> shape) =>
        new(DiagnosticCode.QuantizedShapeImpossible,
            $"'{codes.Name}' in '{codes.File}', {codes.ShapeText}, stands for a weight of the shape [{string.Join(", ", shape)}], which no tensor can have. "
            + FetchAgain, codes.File);

    public static LoraMergeException StoredTwice(StoredTensor codes, StoredTensor plain) =>
        new(DiagnosticCode.QuantizedStoredTwice,
            $"'{codes.Name}' in '{codes.File}' is a quantised weight, and '{plain.Name}' in '{plain.File}' is the same weight in plain numbers: which of them "
            + "is the model cannot be told. Take one of them out.", codes.File);

    public static LoraMergeException BaseIsPlain(string path) =>
        new(DiagnosticCode.BaseIsPlain,
            $"'{path}' is not quantised: it holds no codes that a plain model could be made of. Nothing is written; use it as it is.", path);

    public static LoraMergeException StateInvalid(StoredTensor state, string reason) =>
        new(DiagnosticCode.QuantizedStateInvalid,
            $"'{state.Name}' in '{state.File}', which says how a weight was quantised by bitsandbytes, {reason}. {FetchAgain}", state.File);
}
