using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace LoraMerge.Architectures;

/// <summary>What embeddings and output heads are called, and which families tie them: facts about transformers, as data.</summary>
internal static partial class VocabularyNames
{
    /// <summary>Families whose <c>tie_word_embeddings</c> is false where config.json leaves it out; for all others it is true.</summary>
    private static readonly FrozenSet<string> UntiedByDefault = FrozenSet.ToFrozenSet(
        [
            "codegen",
            "deepseek_v2",
            "deepseek_v3",
            "dots1",
            "ernie4_5_moe",
            "fuyu",
            "glm",
            "glm4",
            "glm4_moe",
            "gpt_neox",
            "gpt_oss",
            "gptj",
            "granite",
            "granitemoe",
            "helium",
            "hunyuan_v1_moe",
            "jamba",
            "llama",
            "llama4",
            "llama4_text",
            "minimax",
            "ministral",
            "mistral",
            "mixtral",
            "mllama_text_model",
            "nemotron",
            "olmo",
            "olmo2",
            "olmo3",
            "olmoe",
            "persimmon",
            "phi",
            "phi3",
            "phimoe",
            "qwen2",
            "qwen2_moe",
            "qwen2_vl",
            "qwen2_5_vl",
            "qwen3",
            "qwen3_moe",
            "qwen3_next",
            "seed_oss",
            "stablelm",
        ],
        StringComparer.Ordinal
    );

    /// <summary>Heads that are not called <c>lm_head</c>.</summary>
    private static readonly FrozenDictionary<string, string> HeadOfFamily = new Dictionary<string, string>
    {
        ["albert"] = "predictions.decoder",
        ["bert"] = "cls.predictions.decoder",
        ["camembert"] = "lm_head.decoder",
        ["deberta"] = "cls.predictions.decoder",
        ["deberta-v2"] = "cls.predictions.decoder",
        ["distilbert"] = "vocab_projector",
        ["electra"] = "generator_lm_head",
        ["esm"] = "lm_head.decoder",
        ["gpt_neox"] = "embed_out",
        ["mpnet"] = "lm_head.decoder",
        ["roberta"] = "lm_head.decoder",
        ["speech_to_text"] = "proj_out",
        ["whisper"] = "proj_out",
        ["xlm-roberta"] = "lm_head.decoder",
        ["xlm-roberta-xl"] = "lm_head.decoder",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Families that scale the decoder's output where embedding and head are tied: there the flag of the tie changes more than the tie.</summary>
    private static readonly FrozenSet<string> ScaledWhereTied =
        FrozenSet.ToFrozenSet(["longt5", "mt5", "pix2struct", "pop2piano", "switch_transformers", "t5", "udop", "umt5"], StringComparer.Ordinal);

    /// <summary>Blocks, and parts of a model that work on something else than text, or that only training and drafting need.</summary>
    private const string OtherParts = @"(.+\.)?(vision|visual|audio|talker|token2wav|code2wav|code_predictor|depth_decoder|mtp|[0-9]+|[^.]*_tower|"
        + @"vision_model|audio_model)\.";

    public static bool IsTiedByDefault(string family) => !UntiedByDefault.Contains(family);

    public static bool ScalesWhereTied(string? family) => family is not null && ScaledWhereTied.Contains(family);

    /// <summary>The head that belongs to an embedding, where the files leave it out.</summary>
    public static string HeadOf(string embedding, string? family) =>
        family is not null && HeadOfFamily.TryGetValue(family, out string? head) ? head
        : HeadedPart.Match(embedding).Value + "lm_head";

    /// <summary>Whether a class of transformers has an output head over the vocabulary.</summary>
    public static bool HasHead(string architecture) => HeadedClass.IsMatch(architecture);

    public static bool IsEmbedding(string module) => Embedding.IsMatch(module);

    public static bool IsHead(string module) => Head.IsMatch(module);

    [GeneratedRegex(
        @"(CausalLM|LMHeadModel|ConditionalGeneration|MaskedLM|PreTraining|SpeechSeq2Seq|ImageTextToText|DoubleHeadsModel|RetrievalLM)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex HeadedClass { get; }

    /// <summary>Parts that have a bare model and its head inside, with what wrappers leave before them.</summary>
    [GeneratedRegex(@"^(_orig_mod\.)?((language_model|llm|thinker|decoder)\.(?=[^.]+\.[^.]))?", RegexOptions.CultureInvariant)]
    private static partial Regex HeadedPart { get; }

    /// <summary>Input embeddings stand outside of blocks and of parts for other inputs and outputs than text.</summary>
    [GeneratedRegex(
        $@"^(?!{OtherParts})(.+\.)?(embed_tokens|wte|word_embeddings|tok_embeddings|embed_in|shared)$|^((backbone|model)\.)?embeddings$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Embedding { get; }

    [GeneratedRegex(
        $@"^(?!{OtherParts})(.+\.)?(lm_head|embed_out|cls\.predictions\.decoder|predictions\.decoder|lm_head\.decoder|vocab_projector|generator_lm_head)$"
        + @"|^(language_model\.)?proj_out$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Head { get; }
}
