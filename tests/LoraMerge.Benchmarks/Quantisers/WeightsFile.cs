using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Benchmarks.Quantisers;

/// <summary>A GGUF file of float32 that llama.cpp's quantiser takes: one layer of a Llama of normally distributed weights, without a tokenizer.</summary>
internal static class WeightsFile
{
    private const int Hidden = 2048, FeedForward = 5632, Vocabulary = 512, HeadSize = 64, KeyValueHeads = 4;
    private const float Deviation = 0.02f;

    public static void Write(string path)
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        foreach ((string key, uint count) in ((string, uint)[])
            [
                ("block_count", 1), ("context_length", 512), ("embedding_length", Hidden), ("feed_forward_length", FeedForward),
                ("attention.head_count", Hidden / HeadSize), ("attention.head_count_kv", KeyValueHeads), ("rope.dimension_count", HeadSize),
                ("vocab_size", Vocabulary),
            ])
            metadata.Add($"llama.{key}", count);
        metadata.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        GgufFileLayout layout = GgufFileLayout.Create(metadata, Tensors().Select(tensor => (tensor.Name, GgufType.F32, tensor.Shape)));
        using GgufWriter writer = GgufWriter.Create(path, layout);
        var random = new Random(1);
        foreach (GgufTensor tensor in layout.Tensors)
        {
            float[] values = new float[tensor.ElementCount];
            for (int i = 0; i < values.Length; i++)
                values[i] = Deviation * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            writer.Write(tensor, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        }

        writer.Commit();
    }

    private static IEnumerable<(string Name, ImmutableArray<long> Shape)> Tensors()
    {
        yield return ("token_embd.weight", [Vocabulary, Hidden]);
        yield return ("output_norm.weight", [Hidden]);
        yield return ("output.weight", [Vocabulary, Hidden]);
        yield return ("blk.0.attn_norm.weight", [Hidden]);
        yield return ("blk.0.attn_q.weight", [Hidden, Hidden]);
        yield return ("blk.0.attn_k.weight", [KeyValueHeads * HeadSize, Hidden]);
        yield return ("blk.0.attn_v.weight", [KeyValueHeads * HeadSize, Hidden]);
        yield return ("blk.0.attn_output.weight", [Hidden, Hidden]);
        yield return ("blk.0.ffn_norm.weight", [Hidden]);
        yield return ("blk.0.ffn_gate.weight", [FeedForward, Hidden]);
        yield return ("blk.0.ffn_up.weight", [FeedForward, Hidden]);
        yield return ("blk.0.ffn_down.weight", [Hidden, FeedForward]);
    }
}
