using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Llama 1 to 3 and all that share its class.</summary>
internal class Llama : Architecture
{
    // What llama.cpp's converter knows these vocabularies by: CodeLlama with tokens for infilling, Granite's code and SmolLM.
    private const long RowsOfCodeLlama = 32016;
    private const int EndOfInfill = 32010;
    private const long RowsOfSmallCode = 49152;

    public override string Name => "llama";

    public override ImmutableArray<string> Classes => ["LlamaForCausalLM", "LLaMAForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with
    {
        SaysSpacePrefix = true,
        EndOfTurn = config.CountOrNull("vocab_size") == RowsOfCodeLlama ? EndOfInfill : null,
        AddsBegin = config.CountOrNull("vocab_size") == RowsOfSmallCode ? false : null,
    };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. DecoderTensors.Attention.InPairs(),
        .. DecoderTensors.QueryKeyValueBiases.Append(DecoderTensors.OutputBias).InPairs().AllOptional(),
        .. FeedForward(config),
    ];

    public override bool CanRestore => true;

    public override JsonObject? Restore(GgufKeys keys)
    {
        if (keys.CountOrNull("expert_count") is > 0)
            return null;
        JsonObject config = RestoreSizes(keys, "llama", Classes[0]);
        if (keys.CountOrNull("rope.dimension_count") is { } turned && turned != config["head_dim"]!.GetValue<long>())
            throw keys.NotRestorable("rope.dimension_count", "the size of a head");
        config["attention_bias"] = keys.HasTensor("blk.0.attn_q.bias");
        config["mlp_bias"] = keys.HasTensor("blk.0.ffn_up.bias");
        if (keys.Numbers("rope_freqs.weight") is { } factors)
            config["rope_scaling"] = RestoreFrequencyFactors(keys, config, factors);
        return config;
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn", "llama3");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("vocab_size", sizes["v"]);
        keys.Count("rope.dimension_count", (long)(sizes["d"] * (config.RealOrNull("partial_rotary_factor") ?? 1)));
    }

    public override IEnumerable<(string Name, float[] Numbers)> ComputedTensors(HuggingFaceConfig config, Sizes sizes) =>
        RopeScaling.Of(config) is { Kind: "llama3" } rope ? [("rope_freqs.weight", FrequencyFactors(rope, sizes["d"]))] : [];

    protected virtual IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config) =>
        [.. DecoderTensors.FeedForward, .. DecoderTensors.FeedForwardBiases.AllOptional()];

    /// <summary>
    /// The scaling whose factors these are. Those of Llama 3 differ in the factor and in the context before; a factor between both ends tells the
    /// context.
    /// </summary>
    private static JsonObject RestoreFrequencyFactors(GgufKeys keys, JsonObject config, float[] factors)
    {
        const double low = 1, high = 4;
        const long usualContext = 8192;
        double factor = factors.Max();
        double theta = config["rope_theta"]!.GetValue<double>();
        int between = Array.FindIndex(factors, value => value > 1.001 && value < 0.999 * factor);
        double share = between < 0 ? 0 : ((1 / (double)factors[between]) - (1 / factor)) / (1 - (1 / factor));
        double wave = 2 * Math.PI * Math.Pow(theta, (double)between / factors.Length);
        var scaling = new JsonObject
        {
            ["rope_type"] = "llama3", ["factor"] = factor, ["low_freq_factor"] = low, ["high_freq_factor"] = high,
            ["original_max_position_embeddings"] = between < 0 ? usualContext : (long)Math.Round(wave * (low + (share * (high - low)))),
        };

        var said = (JsonObject)config.DeepClone();
        said["rope_scaling"] = scaling.DeepClone();
        using JsonDocument document = JsonDocument.Parse(said.ToJsonString());
        float[] expected = FrequencyFactors(RopeScaling.Of(HuggingFaceConfig.Of(document.RootElement)), 2 * factors.Length);
        bool isEqual = expected.Zip(factors).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * Math.Abs(pair.First));
        return isEqual ? scaling : throw keys.NotRestorable("rope_freqs.weight", "a list of factors as Llama 3 has them");
    }

    /// <summary>
    /// What each frequency is divided by in Llama 3: short waves by 1, long ones by the factor, and between both by what leads from one to the other.
    /// </summary>
    private static float[] FrequencyFactors(RopeScaling rope, long headSize)
    {
        double factor = rope.Real("factor");
        double low = rope.Real("low_freq_factor");
        double high = rope.Real("high_freq_factor");
        double context = rope.OriginalContext;
        float[] factors = new float[headSize / 2];
        for (int i = 0; i < factors.Length; i++)
        {
            double wave = 2 * Math.PI * Math.Pow(rope.Theta, 2.0 * i / headSize);
            double smooth = ((context / wave) - low) / (high - low);
            factors[i] = (float)(wave < context / high ? 1 : wave > context / low ? factor : 1 / (((1 - smooth) / factor) + smooth));
        }

        return factors;
    }
}
