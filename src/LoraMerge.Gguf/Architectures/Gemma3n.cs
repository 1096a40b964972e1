using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// Gemma 3n, the part for text: four streams through the layers, an embedding for each layer, and the last layers with the keys and values of earlier
/// ones. Most of its sizes are in readers' code, not in the file.
/// </summary>
internal sealed class Gemma3n : Architecture
{
    private const int Pattern = 5;
    private const int Streams = 4;
    private const int SparseLayers = 10;
    private const double Sparsity = 0.95;
    private const float ScaleOfSparsity = 1.6448533535f; // what 0.95 of a normal distribution lies below
    private const long LayersWithOwnKeys = 20;

    public override string Name => "gemma3n";

    public override ImmutableArray<string> Classes => ["Gemma3nForConditionalGeneration", "Gemma3nForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "hidden_size_per_layer_input": 256, "intermediate_size": 16384, "num_hidden_layers": 35,
          "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
          "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0,
          "sliding_window": 512, "final_logit_softcapping": 30.0, "altup_active_idx": 0, "altup_num_inputs": 4, "altup_correct_scale": true,
          "num_kv_shared_layers": 15, "laurel_rank": 64, "tie_word_embeddings": true }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { SpacePrefix = false };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        new TensorRule("per_layer_token_embd.weight", "model.embed_tokens_per_layer.weight", "vp each").Then(sizes => new Step.Pad(sizes["v"])),
        new("per_layer_model_proj.weight", "model.per_layer_model_projection.weight", "each h"),
        new("per_layer_proj_norm.weight", "model.per_layer_projection_norm.weight", "p"),
        new("altup_proj.weight", "model.altup_projections.E.weight", "h h") { Stacked = "others" },
        new("altup_unembd_proj.weight", "model.altup_unembed_projections.E.weight", "h h") { Stacked = "others" },
        .. Gemma2.FourNorms,
        .. DecoderTensors.Attention,
        .. DecoderTensors.HeadNorms,
        .. DecoderTensors.FeedForward,
        DecoderTensors.Of("inp_gate.weight", "per_layer_input_gate.weight", "p h"),
        DecoderTensors.Of("proj.weight", "per_layer_projection.weight", "h p"),
        DecoderTensors.Of("post_norm.weight", "post_per_layer_input_norm.weight", "h"),
        DecoderTensors.Of("altup_correct_coef.weight", "altup.correction_coefs.weight", "streams streams"),
        DecoderTensors.Of("altup_correct_scale.weight", "altup.correct_output_scale", "h"),
        DecoderTensors.Of("altup_predict_coef.weight", "altup.prediction_coefs.weight", "pairs streams"),
        DecoderTensors.Of("altup_router.weight", "altup.modality_router.weight", "streams h"),
        DecoderTensors.Of("altup_router_norm.weight", "altup.router_norm.weight", "h"),
        DecoderTensors.Of("laurel_l.weight", "laurel.linear_left.weight", "rank h"),
        DecoderTensors.Of("laurel_r.weight", "laurel.linear_right.weight", "h rank"),
        DecoderTensors.Of("laurel_post_norm.weight", "laurel.post_laurel_norm.weight", "h"),
    ];

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override bool TakesAdapter(string target) =>
        !target.Contains("altup_", StringComparison.Ordinal) && !target.StartsWith("per_layer_", StringComparison.Ordinal);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["streams"] = Streams;
        sizes["others"] = Streams - 1;
        sizes["pairs"] = Streams * Streams;
        sizes["p"] = config.Count("hidden_size_per_layer_input");
        sizes["each"] = sizes["p"] * sizes["layers"];
        sizes["vp"] = config.CountOrNull("vocab_size_per_layer_input") ?? sizes["v"];
        sizes["rank"] = config.Count("laurel_rank");
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_activation", "always take GELU by tanh", "gelu_pytorch_tanh", "gelu_new");
        CheckRope(config);
        if (LengthsOf(config).Distinct().Count() > 1)
            throw NotSayable("intermediate_size", HuggingFaceConfig.TextOf(config.Find("intermediate_size")), "want layers of one length");
        CheckReal(config, "altup_num_inputs", Streams, "have four streams");
        CheckReal(config, "altup_active_idx", 0, "compute the first stream");
        CheckFlag(config, "altup_correct_scale", true, "always scale what is corrected");
        CheckReal(config, "hidden_size_per_layer_input", 256, "have embeddings of 256 for each layer");
        CheckReal(config, "laurel_rank", 64, "have a rank of 64");
        CheckReal(config, "final_logit_softcapping", 30, "cap the final logits at 30");
        CheckReal(config, "num_kv_shared_layers", sizes["layers"] - LayersWithOwnKeys,
            Invariant($"compute keys and values in the first {LayersWithOwnKeys} layers"));
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, (i + 1) % Pattern != 0 ? "sliding_attention" : "full_attention"),
            "slide in four of five layers");
        CheckLayers(config, sizes, "activation_sparsity_pattern",
            (i, share) => HuggingFaceConfig.RealOf("activation_sparsity_pattern", share) == (i < SparseLayers ? Sparsity : 0),
            Invariant($"drop {Sparsity} of what the first {SparseLayers} layers activate"));
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        if (config.Find("intermediate_size") is { ValueKind: JsonValueKind.Array })
            keys.Counts("feed_forward_length", LengthsOf(config));
        DescribeRope(config, keys);
        keys.Real("rope.freq_base_swa", RopeScaling.Of(config, "sliding_attention").RealOrNull("rope_theta") ?? config.Real("rope_local_base_freq"));
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Real("final_logit_softcapping", config.Real("final_logit_softcapping"));
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
        keys.Flags("attention.sliding_window_pattern", Enumerable.Range(1, (int)sizes["layers"]).Select(layer => layer % Pattern != 0));
        keys.Count("attention.shared_kv_layers", config.Count("num_kv_shared_layers"));
        keys.Count("altup.active_idx", config.Count("altup_active_idx"));
        keys.Count("altup.num_inputs", Streams);
        keys.Count("embedding_length_per_layer_input", sizes["p"]);
        keys.Reals("activation_sparsity_scale",
            Enumerable.Range(0, (int)sizes["layers"]).Select(layer => layer < SparseLayers ? ScaleOfSparsity : float.NegativeInfinity));
    }

    protected override long LengthOf(HuggingFaceConfig config) => LengthsOf(config).FirstOrDefault();

    /// <summary>Feed-forward length of each layer: one number for all, or a list.</summary>
    private static ImmutableArray<long> LengthsOf(HuggingFaceConfig config)
    {
        int layers = (int)config.Count("num_hidden_layers");
        if (config.Find("intermediate_size") is not { ValueKind: JsonValueKind.Array } list)
            return [.. Enumerable.Repeat(config.Count("intermediate_size"), layers)];
        ImmutableArray<long> lengths =
            [.. list.EnumerateArray().Select(length => HuggingFaceConfig.IntegerOf(length) is > 0 and <= int.MaxValue and long count ? count : 0)];
        return lengths.Length == layers && !lengths.Contains(0) ? lengths
            : throw LayoutErrors.ConfigFieldInvalid("intermediate_size", HuggingFaceConfig.TextOf(list), Invariant($"a count, or a list of {layers}"));
    }
}
