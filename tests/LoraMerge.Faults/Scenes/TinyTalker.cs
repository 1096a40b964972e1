using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Faults.Scenes;

/// <summary>The smallest Llama that can be written as GGUF: one block, eight tokens, and all that llama.cpp asks for.</summary>
internal static class TinyTalker
{
    private const int Width = 32; // a block of Q8_0

    /// <summary>Relative path of the module that the adapters change.</summary>
    private const string Changed = "model.layers.0.self_attn.q_proj";

    /// <summary>Writes <c>base</c>, the same as FP8 in <c>quantised</c>, <c>first</c> and <c>second</c>, old enough for their times to be trusted.</summary>
    public static void WriteTo(string folder)
    {
        Base("").WriteTo(Path.Combine(folder, "base"));
        byte[] codes = [.. Enumerable.Range(0, Width * Width).Select(i => (byte)(i % 0x70))];
        Base(", \"quantization_config\": { \"quant_method\": \"fp8\" }")
            .Add(new TinyTensor(Changed + ".weight", DType.F8_E4M3, [Width, Width], codes))
            .With(Changed + ".weight_scale", DType.F32, [], 0.01)
            .WriteTo(Path.Combine(folder, "quantised"));
        TinyAdapter.Lora().Module(Changed, Width, Width).WriteTo(Path.Combine(folder, "first"));
        TinyAdapter.Lora(rank: 4).Module(Changed, Width, Width).WriteTo(Path.Combine(folder, "second"));
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1));
    }

    private static TinyCheckpoint Base(string more)
    {
        const string block = "model.layers.0.";
        const DType dtype = DType.F32;

        TinyCheckpoint model = TinyCheckpoint.Empty
            .Filled("model.embed_tokens.weight", dtype, 8, Width)
            .Filled("model.norm.weight", dtype, Width)
            .Filled("lm_head.weight", dtype, 8, Width)
            .Filled(block + "input_layernorm.weight", dtype, Width)
            .Filled(block + "post_attention_layernorm.weight", dtype, Width)
            .Filled(block + "mlp.gate_proj.weight", dtype, 2 * Width, Width)
            .Filled(block + "mlp.up_proj.weight", dtype, 2 * Width, Width)
            .Filled(block + "mlp.down_proj.weight", dtype, Width, 2 * Width);
        foreach (string letter in (string[])["q", "k", "v", "o"])
            model.Filled($"{block}self_attn.{letter}_proj.weight", dtype, Width, Width);
        return model
            .File("config.json", """
                {
                  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float32", "vocab_size": 8, "hidden_size": 32,
                  "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 4, "rms_norm_eps": 1e-5,
                  "max_position_embeddings": 64, "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": 1
                """ + more + "\n}\n")
            .File("tokenizer_config.json", """{ "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>" }""")
            .File("tokenizer.json", """
                {
                  "version": "1.0",
                  "added_tokens": [
                    { "id": 0, "content": "<s>", "special": true, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false },
                    { "id": 1, "content": "</s>", "special": true, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false }
                  ],
                  "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
                  "decoder": { "type": "ByteLevel" },
                  "model": {
                    "type": "BPE", "vocab": { "<s>": 0, "</s>": 1, "a": 2, "b": 3, "c": 4, "d": 5, "e": 6, "ab": 7 }, "merges": ["a b"]
                  }
                }
                """);
    }
}
