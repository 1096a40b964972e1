using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Mistral: Llama's architecture with other assumptions.</summary>
internal sealed class Mistral : Llama
{
    public override ImmutableArray<string> Classes => ["MistralForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
          "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "sliding_window": 4096,
          "tie_word_embeddings": false }
        """;

    /// <summary>Files say 'llama', of which nobody knows whether it was this.</summary>
    public override JsonObject? Restore(GgufKeys keys) => null;

    public override IEnumerable<string> Notes(HuggingFaceConfig config, Sizes sizes) => WindowNotes(config);
}
