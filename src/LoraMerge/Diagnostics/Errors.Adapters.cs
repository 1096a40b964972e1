using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Agreed.Messages;

namespace LoraMerge.Diagnostics;

// What an adapter is: its files, its configuration, its kind.
internal static partial class Errors
{
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

    public static LoraMergeException MlxFamilyChanged(string adapter, string family, string change) =>
        new(
            DiagnosticCode.MlxFamilyChanged,
            $"Adapter '{adapter}' was trained by mlx_lm, which changes the weights of {family} when it loads them ({change}), so that what it learned does "
                + "not fit the weights in the base's files. Merge it with mlx_lm.fuse.",
            adapter
        );

    public static LoraMergeException ScalingNotFinite(string module, double factor, string adapter) =>
        new(
            DiagnosticCode.ScalingNotFinite,
            $"The change of '{module}' by adapter '{adapter}' has the factor {Number(factor)}, but a finite one is expected: it comes from \"lora_alpha\" "
                + "and the rank in adapter_config.json, a scale in config.json, and the adapter's weight. Correct the one that is too large.",
            adapter
        );

    private static string ConfigRemedy(string path) => PathGuess.AdaptersIn(path) is { Count: > 0 } inside ? Inside("an adapter", "adapters", inside)
        : OtherFormHint(path)
            ?? (PathGuess.FileIn(path, "adapter", ".safetensors") is string weights ? $"Fetch the file that was saved with '{weights}'."
            : PathGuess.IsModel(path) ? "It looks like a base model: name it as one, and the adapter's folder in its place."
            : "Fetch the file that was saved with it.");
}
