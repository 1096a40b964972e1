using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Benchmarks;

/// <summary>The shape of a Llama model of about a wanted size.</summary>
/// <param name="DType">Element type of all tensors.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Intermediate">Width of the feed-forward part.</param>
/// <param name="Layers">Number of blocks.</param>
internal sealed record LlamaShape(DType DType, int Hidden, int Intermediate, int Layers)
{
    private const int Vocabulary = 32_000;
    private const int HeadDimension = 64;

    /// <summary>The widths of Llama 2 7B, TinyLlama or a toy, and as many blocks as come nearest to the size.</summary>
    public static LlamaShape OfSize(long byteLength, DType dtype)
    {
        (int hidden, int intermediate) = byteLength switch
        {
            >= 3_000_000_000 => (4096, 11_008),
            >= 500_000_000 => (2048, 5632),
            _ => (512, 1408),
        };
        var one = new LlamaShape(dtype, hidden, intermediate, 1);
        long layer = (one with { Layers = 2 }).ByteLength - one.ByteLength;
        return one with { Layers = (int)Math.Max(1, 1 + Math.Round((double)(byteLength - one.ByteLength) / layer)) };
    }

    public long ByteLength => Tensors.Sum(tensor => tensor.Shape.Aggregate((long)DType.BitsPerElement() / 8, (product, side) => product * side));

    /// <summary>Name and shape of every tensor, in the order of the model.</summary>
    public IEnumerable<(string Name, ImmutableArray<long> Shape)> Tensors =>
    [
        ("model.embed_tokens.weight", [Vocabulary, Hidden]),
        .. Enumerable.Range(0, Layers).SelectMany(Block),
        ("model.norm.weight", [Hidden]),
        ("lm_head.weight", [Vocabulary, Hidden]),
    ];

    /// <summary>The config.json that transformers loads.</summary>
    public JsonObject Config => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["hidden_act"] = "silu",
        ["hidden_size"] = Hidden,
        ["intermediate_size"] = Intermediate,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Hidden / HeadDimension,
        ["num_key_value_heads"] = Hidden / HeadDimension,
        ["max_position_embeddings"] = 2048,
        ["rms_norm_eps"] = 1e-5,
        ["tie_word_embeddings"] = false,
        ["vocab_size"] = Vocabulary,
        ["torch_dtype"] = DType switch { DType.BF16 => "bfloat16", DType.F16 => "float16", _ => "float32" },
    };

    private IEnumerable<(string Name, ImmutableArray<long> Shape)> Block(int layer) =>
    [
        ($"model.layers.{layer}.input_layernorm.weight", [Hidden]),
        ($"model.layers.{layer}.self_attn.q_proj.weight", [Hidden, Hidden]),
        ($"model.layers.{layer}.self_attn.k_proj.weight", [Hidden, Hidden]),
        ($"model.layers.{layer}.self_attn.v_proj.weight", [Hidden, Hidden]),
        ($"model.layers.{layer}.self_attn.o_proj.weight", [Hidden, Hidden]),
        ($"model.layers.{layer}.post_attention_layernorm.weight", [Hidden]),
        ($"model.layers.{layer}.mlp.gate_proj.weight", [Intermediate, Hidden]),
        ($"model.layers.{layer}.mlp.up_proj.weight", [Intermediate, Hidden]),
        ($"model.layers.{layer}.mlp.down_proj.weight", [Hidden, Intermediate]),
    ];
}
