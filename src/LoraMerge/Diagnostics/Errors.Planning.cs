using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Diagnostics;

// Which tensor of the base gets which change.
internal static partial class Errors
{
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

    public static LoraMergeException GroupedConvolution(AdaptedModule module, TensorSource weight, string adapter) =>
        new(
            DiagnosticCode.GroupedConvolution,
            $"Adapter '{adapter}' changes '{module.Path}' by {module.ShapesText}, but '{weight.Name}' {weight.ShapeText} is a convolution in groups, whose "
                + "weight has no room for a change across groups. Leave the module out.",
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

    private static string BaseHint(Adapter adapter) => adapter.Config.BaseModelName is string name
        ? $"The adapter was trained on '{name}': check that this is the same model."
        : "Check that this is the base it was trained on.";
}
