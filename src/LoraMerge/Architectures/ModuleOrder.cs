using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace LoraMerge.Architectures;

/// <summary>
/// The order in which the classes of transformers make their modules (<c>named_modules()</c>): adapters draw numbers and share vectors by it, and no file has
/// it.
/// </summary>
/// <remarks>From the <c>__init__</c> of the classes. A pair that no row has is told as unknown, as a wrong order would make another model.</remarks>
internal static class ModuleOrder
{
    /// <summary>Names that stand side by side below one module, in their order. Names of different architectures share a row where they agree.</summary>
    private static readonly ImmutableArray<ImmutableArray<string>> Siblings =
    [
        // Whole models: what comes first, the body, and the heads.
        [
            "model",
            "transformer",
            "gpt_neox",
            "bert",
            "roberta",
            "electra",
            "distilbert",
            "deberta",
            "vit",
            "pooler",
            "pre_classifier",
            "classifier",
            "score",
            "qa_outputs",
            "lm_head",
            "embed_out",
            "proj_out",
        ],
        ["text_model", "vision_model", "visual_projection", "text_projection"],
        ["visual", "vision_tower", "multi_modal_projector", "language_model", "lm_head"],
        ["shared", "embeddings", "encoder", "decoder", "pooler", "lm_head"],
        ["wte", "wpe", "embed_tokens", "embed_in", "word_embeddings", "embed_positions", "project_out", "project_in", "layers", "h"],
        // Blocks.
        ["self_attn", "encoder_attn", "block_sparse_moe", "mlp", "fc1", "fc2"],
        ["attn", "crossattention", "mlp"],
        ["attention", "crossattention", "intermediate", "output"],
        ["attention", "mlp"], ["self_attention", "mlp"], ["attention", "ffn"],
        // Attention.
        ["q_proj", "k_proj", "v_proj", "o_proj"], ["q_proj", "k_proj", "v_proj", "dense"],
        ["o_proj", "qkv_proj"],
        ["query_key_value", "dense"], ["c_attn", "q_attn", "c_proj"], ["query", "key", "value"], ["self", "output"],
        ["dense", "out_proj"],
        ["q", "k", "v", "o"], ["q_lin", "k_lin", "v_lin", "out_lin"], ["qkv", "proj"],
        // Feed-forward.
        ["gate_proj", "up_proj", "down_proj"], ["gate_up_proj", "down_proj"], ["c_fc", "c_proj"], ["dense_h_to_4h", "dense_4h_to_h"],
        ["wi", "wi_0", "wi_1", "wo"], ["fc_in", "fc_out"], ["lin1", "lin2"], ["gate", "experts"], ["w1", "w2", "w3"],
        // State spaces.
        ["conv1d", "in_proj", "x_proj", "dt_proj", "out_proj"],
    ];

    /// <summary>The order of BART's kin and of CLIP's: keys first.</summary>
    private static readonly ImmutableArray<string> KeysFirst = ["k_proj", "v_proj", "q_proj", "out_proj"];

    private static readonly FrozenSet<string> KeysFirstFamilies = FrozenSet.ToFrozenSet(
        [
            "bart",
            "blenderbot",
            "blenderbot-small",
            "clip",
            "clip_text_model",
            "clip_vision_model",
            "codegen",
            "gpt_neo",
            "gptj",
            "hubert",
            "m2m_100",
            "marian",
            "mbart",
            "opt",
            "pegasus",
            "plbart",
            "siglip",
            "speech_to_text",
            "wav2vec2",
            "whisper",
            "xglm",
        ],
        StringComparer.Ordinal
    );

    /// <summary>Sorts paths of modules.</summary>
    /// <param name="paths">The paths.</param>
    /// <param name="family">The base's family; null where its config does not tell.</param>
    /// <param name="unknown">Two paths of which nobody knows which comes first; null if the order is known.</param>
    /// <returns>The paths in their order, as far as it is known.</returns>
    public static ImmutableArray<string> Sort(IEnumerable<string> paths, string? family, out (string First, string Second)? unknown)
    {
        (string First, string Second)? found = null;
        ImmutableArray<string> sorted = [.. paths.Order(StringComparer.Ordinal).Order(Comparer<string>.Create((first, second) =>
        {
            int? order = Compare(first.Split('.'), second.Split('.'), family);
            if (order is null)
                found ??= (first, second);
            return order ?? string.CompareOrdinal(first, second);
        }))];
        unknown = found;
        return sorted;
    }

    private static int? Compare(string[] first, string[] second, string? family)
    {
        int depth = first.Zip(second).TakeWhile(pair => pair.First == pair.Second).Count();
        if (depth == first.Length || depth == second.Length)
            return first.Length.CompareTo(second.Length); // what holds a module comes before it
        if (
            int.TryParse(first[depth], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && int.TryParse(second[depth], NumberStyles.None, CultureInfo.InvariantCulture, out int other)
        )
            return number.CompareTo(other);
        bool hasKeysFirst =
            first.Take(depth).Any(part => part.StartsWith("vision_", StringComparison.Ordinal)) || (family is not null && KeysFirstFamilies.Contains(family));
        return IndexCompare(hasKeysFirst ? KeysFirst : [], first[depth], second[depth])
            ?? Siblings.Select(row => IndexCompare(row, first[depth], second[depth])).FirstOrDefault(order => order is not null);
    }

    private static int? IndexCompare(ImmutableArray<string> row, string first, string second) =>
        (row.IsEmpty ? -1 : row.IndexOf(first), row.IsEmpty ? -1 : row.IndexOf(second)) is ( >= 0 and int a, >= 0 and int b) ? a.CompareTo(b) : null;
}
