using LoraMerge.Checkpoints;

namespace LoraMerge.Diagnostics;

// Bases in which a change has no one place: tied weights, a vocabulary that grows, experts, layers that are repeated.
internal static partial class Errors
{
    public static LoraMergeException TokenOutsideVocabulary(long token, string module, TensorSource stored, string adapter) =>
        new(
            DiagnosticCode.TokenOutsideVocabulary,
            $"Adapter '{adapter}' trains token {token} of '{module}', but the base's vocabulary has {stored.Shape[0]} tokens ('{stored.Name}' is "
                + $"{stored.ShapeText}). Use the base that it was trained on.",
            adapter
        );

    public static LoraMergeException TokenTrainedTwice(string module, long token, string adapter) =>
        new(
            DiagnosticCode.TokenTrainedTwice,
            $"Token {token} of '{module}' is trained twice (adapter '{adapter}'), so its row is ambiguous. Leave one of them out.",
            adapter
        );

    public static LoraMergeException TiedWeightsCannotPart(string module, string adapter, string checkpoint, string family) =>
        new(
            DiagnosticCode.TiedWeightsCannotPart,
            $"Adapter '{adapter}' changes '{module}' alone, but in the base model '{checkpoint}' it is one tensor with the other embeddings: transformers "
                + $"makes those of {family} one again when it loads them, so that no files hold the trained model. Train with ensure_weight_tying, or "
                + $"leave '{module}' out.",
            adapter
        );

    public static LoraMergeException HeadlessBaseCannotPart(string module, string adapter, string checkpoint, string head) =>
        new(
            DiagnosticCode.HeadlessBaseCannotPart,
            $"Adapter '{adapter}' changes '{module}' alone, so that embedding and head part, but the files of the base model '{checkpoint}' are those of a "
                + $"bare model, beside which transformers finds no '{head}.weight'. Load the base with its class for language modelling, save it with "
                + "save_pretrained, and merge into that.",
            adapter
        );

    public static LoraMergeException VocabularySizesDiffer(TensorSource resized, TensorSource other) =>
        new(
            DiagnosticCode.VocabularySizesDiffer,
            $"'{resized.Name}' in '{resized.Parts[0].File}' has {resized.RowCount} tokens, but '{other.Name}' in '{other.Parts[0].File}' has "
                + $"{other.RowCount}: the vocabulary was resized, and the adapter does not hold all of it. Save the adapter again with "
                + "save_embedding_layers=True.",
            resized.Parts[0].File
        );

    public static LoraMergeException PartNeedsPlainLora(string module, TensorSource stored, string adapter) =>
        new(DiagnosticCode.PartNeedsPlainLora,
            $"Adapter '{adapter}' changes '{module}' by more than a product B·A, but the base stores its weight within '{stored.Name}' {stored.ShapeText}. "
            + "Use a base that stores it as a tensor of its own.", adapter);

    public static LoraMergeException ExpertPlaceUnknown(string module, TensorSource stored, string adapter) =>
        new(
            DiagnosticCode.ExpertPlaceUnknown,
            $"Adapter '{adapter}' changes '{module}', whose weight the base stores within '{stored.Name}' {stored.ShapeText}, but neither shapes nor "
                + "config.json tell where in it and which way round. Use the model folder with its config.json, or a base that stores its experts one by "
                + "one.",
            adapter
        );

    public static LoraMergeException LayersCannotReplicate(string adapter, string reason) =>
        new(
            DiagnosticCode.LayersCannotReplicate,
            $"Adapter '{adapter}' was trained on replicated layers (layer_replication): {Sentence(reason)} Use the base that it was trained on, and merge "
                + "adapters of other layers into other models.",
            adapter
        );
}
