using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>GPT-2: its weights lie the other way round, and it learned its positions.</summary>
internal sealed class Gpt2 : Architecture
{
    private const string Prefix = "transformer.";

    public override string Name => "gpt2";

    public override ImmutableArray<string> Classes => ["GPT2LMHeadModel"];

    public override string Defaults => """
        { "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
          "tie_word_embeddings": true, "scale_attn_weights": true }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        new("token_embd.weight", "transformer.wte.weight", "v h"),
        new("position_embd.weight", "transformer.wpe.weight", "positions h"),
        .. Pair("output_norm", "transformer.ln_f", "h"),
        .. Pair("blk.N.attn_norm", "transformer.h.N.ln_1", "h"),
        .. Pair("blk.N.ffn_norm", "transformer.h.N.ln_2", "h"),
        .. Turned("blk.N.attn_qkv", "transformer.h.N.attn.c_attn", "h", "qkv"),
        .. Turned("blk.N.attn_output", "transformer.h.N.attn.c_proj", "h", "h"),
        .. Turned("blk.N.ffn_up", "transformer.h.N.mlp.c_fc", "h", "f"),
        .. Turned("blk.N.ffn_down", "transformer.h.N.mlp.c_proj", "f", "h"),
        new("output.weight", "lm_head.weight", "v h"),
    ];

    public override IEnumerable<string> Spellings(string source) => source.StartsWith(Prefix, StringComparison.Ordinal)
        ? [source, source[Prefix.Length..]]
        : [source];

    public override bool IsLeftOut(string source, HuggingFaceConfig config) =>
        source.EndsWith(".attn.bias", StringComparison.Ordinal) || source.EndsWith(".attn.masked_bias", StringComparison.Ordinal);

    public override bool TakesAdapter(string target) => target != "position_embd.weight";

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        sizes["layers"] = config.Count("n_layer");
        sizes["h"] = config.Count("n_embd");
        sizes["heads"] = config.Count("n_head");
        sizes["kvheads"] = sizes["heads"];
        sizes["f"] = config.CountOrNull("n_inner") ?? (4 * sizes["h"]);
        sizes["qkv"] = 3 * sizes["h"];
        sizes["positions"] = config.CountOrNull("n_ctx") ?? config.Count("n_positions");
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "activation_function", "always take GELU by tanh", "gelu_new", "gelu_pytorch_tanh", "gelu_fast");
        CheckFlag(config, "scale_attn_weights", true, "always divide the logits of attention by the root of a head's size");
        CheckFlag(config, "scale_attn_by_inverse_layer_idx", false, "scale all layers alike");
        CheckFlag(config, "add_cross_attention", false, "have no attention to an encoder");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        keys.Count("block_count", sizes["layers"]);
        keys.Count("context_length", sizes["positions"]);
        keys.Count("embedding_length", sizes["h"]);
        keys.Count("feed_forward_length", sizes["f"]);
        keys.Count("attention.head_count", sizes["heads"]);
        keys.Real("attention.layer_norm_epsilon", config.Real("layer_norm_epsilon"));
    }

    private static IEnumerable<TensorRule> Pair(string target, string source, string size) =>
        [new($"{target}.weight", $"{source}.weight", size), new($"{target}.bias", $"{source}.bias", size)];

    /// <summary>Weight and bias of a Conv1D, whose weight is [in, out].</summary>
    private static IEnumerable<TensorRule> Turned(string target, string source, string input, string output) =>
    [
        new TensorRule($"{target}.weight", $"{source}.weight", $"{input} {output}").Then(_ => new Step.Transpose()),
        new($"{target}.bias", $"{source}.bias", output),
    ];
}
