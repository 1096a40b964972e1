using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>Faults that only LoRA adapters can have.</summary>
internal static class LoraErrors
{
    public static LoraMergeException TrainedOnLostBase(string file, string initialisation) =>
        new(
            DiagnosticCode.TrainedOnLostBase,
            $"'{file}' says init_lora_weights \"{initialisation}\", which changes the base before training, in a way that cannot be computed again from "
                + "base and adapter. Save the adapter with PEFT's path_initial_model_for_weight_conversion, which makes it fit the base as published; or "
                + "merge it into the changed base that the trainer saved, with init_lora_weights set to true.",
            file
        );

    public static LoraMergeException AlphaIsZero(string file) =>
        new(
            DiagnosticCode.AlphaIsZero,
            $"'{file}' says \"lora_alpha\": 0, by which nothing of the adapter would be merged. Nothing can be trained with it: verl's model merger writes 0 "
                + "where it does not know the number. Write the alpha of the training in its place (actor_rollout_ref.model.lora_alpha, or "
                + "lora_train_meta.json of the checkpoint).",
            file
        );

    public static LoraMergeException MagnitudesNotExported(string file, string module) =>
        new(DiagnosticCode.MagnitudesNotExported,
            $"adapter_config.json says \"use_dora\", but '{file}' holds no magnitude (lora_magnitude_vector) at all, neither of '{module}' nor of another "
            + "module: the trainer left them out when it saved, and without them the trained model is lost. Save the adapter again with PEFT's "
            + "save_pretrained.", file);

    public static LoraMergeException MagnitudesContradicted(StoredTensor magnitude) =>
        new(DiagnosticCode.MagnitudesContradicted,
            $"'{magnitude.File}' holds '{magnitude.Name}', a magnitude of DoRA, but adapter_config.json says \"use_dora\": false. Set it to true if DoRA was "
            + "trained, or use the adapter_config.json that was saved with the weights.", magnitude.File);

    public static LoraMergeException PairDoesNotFit(string module, StoredTensor a, StoredTensor b) =>
        new(
            DiagnosticCode.RankMismatch,
            $"lora_A {a.ShapeText} and lora_B {b.ShapeText} of '{module}' in '{a.File}' do not fit: the first side of A and the second of B must be one "
                + $"rank. {(a.Shape.Length == 1 && b.Shape.Length == 1 ? Errors.FlatRemedy : "Save the adapter again.")}",
            a.File
        );

    public static LoraMergeException OfConvolutionInGroups(string module, StoredTensor a, StoredTensor b) =>
        new(
            DiagnosticCode.GroupedConvolution,
            $"lora_A {a.ShapeText} and lora_B {b.ShapeText} of '{module}' in '{a.File}' are those of a convolution in {a.Shape[0] / b.Shape[1]} groups, whose "
                + "weight has no room for a change across groups. Leave the module out.",
            a.File
        );

    public static LoraMergeException BlocksDoNotFit(string module, StoredTensor a, int aBlocks, StoredTensor b, int bBlocks) =>
        new(
            DiagnosticCode.RankMismatch,
            $"lora_A {a.ShapeText} or lora_B {b.ShapeText} of '{module}' in '{a.File}' does not divide into the blocks that \"use_bdlora\" says: {aBlocks} "
                + $"for lora_A, {bBlocks} for lora_B, whose rows are shared out evenly. Use the adapter_config.json that was saved with the weights.",
            a.File
        );

    public static LoraMergeException DiagonalDoesNotFit(string module, StoredTensor diagonal, int rank) =>
        new(
            DiagnosticCode.RankMismatch,
            $"'{diagonal.Name}' of '{module}' in '{diagonal.File}' is {diagonal.ShapeText}, but one number for each of {rank} ranks is expected. Save the "
                + "adapter again.",
            diagonal.File
        );

    public static LoraMergeException MagnitudeMismatch(LoraModule module, StoredTensor magnitude, TensorSource weight, string adapter) =>
        new(
            DiagnosticCode.ShapeMismatch,
            $"'{magnitude.Name}' of adapter '{adapter}' is {magnitude.ShapeText}, but '{module.Path}' has other outputs: '{weight.Name}' of the base is "
                + $"{weight.ShapeText}. The adapter was trained for a base of another size.",
            adapter
        );

    public static LoraMergeException TargetParametersMissing(string module, StoredTensor first) =>
        new(
            DiagnosticCode.TargetParametersMissing,
            $"'{first.Name}' in '{first.File}' belongs to a parameter of '{module}', such as the fused weights of all its experts, but "
                + "\"target_parameters\" of adapter_config.json names none of that module, so it is unknown which one was "
                + "trained. Use the adapter_config.json that was saved with the "
                + "weights.",
            first.File
        );

    public static LoraMergeException ParameterUnknown(string module, IEnumerable<string> parameters, int count, string adapter) =>
        new(
            DiagnosticCode.ParameterUnknown,
            $"Adapter '{adapter}' holds {count} pairs for parameters of '{module}', but of \"target_parameters\" the base has there "
                + $"{Errors.List(parameters)}, and shapes do not tell which is which. Use the adapter_config.json that was saved with the weights.",
            adapter
        );

    public static LoraMergeException ExpertShapeMismatch(LoraParameterPair pair, string parameter, string shape, int rank, string adapter) =>
        new(
            DiagnosticCode.ExpertShapeMismatch,
            $"Adapter '{adapter}' changes '{parameter}' by lora_A {pair.A.ShapeText} and lora_B {pair.B.ShapeText} of rank {rank} for each expert, but the "
                + $"base's experts are {shape}. The adapter was trained for a base of another size or number of experts.",
            adapter
        );

    public static LoraMergeException DoraOutputIsZero(string module, long output) =>
        new(
            DiagnosticCode.DoraOutputIsZero,
            $"Output {output} of '{module}' is all zero in W + s·B·A, so DoRA cannot scale it to its magnitude: 0/0, also in training. Check that this is "
                + "the base it was trained on; pruned bases have such outputs."
        );
}
