using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>
/// Tensors of a pickle that are one tensor under two names: PyTorch saves such bytes once and names them twice, where safetensors has one name only.
/// </summary>
internal static class TiedTensors
{
    /// <summary>Last parts of the names that embeddings and output heads have.</summary>
    private static readonly string[] Embeddings = ["embed_tokens.weight", "wte.weight", "word_embeddings.weight", "shared.weight", "embed_in.weight"];

    private static readonly string[] Heads = ["lm_head.weight", "embed_out.weight"];

    /// <summary>What encoder-decoder models have beside <c>shared.weight</c>.</summary>
    private static readonly string[] SecondEmbeddings = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];

    /// <summary>
    /// Leaves out the head that the configuration ties to the embedding, as transformers does when it writes safetensors. All other names stay, each with the
    /// bytes.
    /// </summary>
    public static Shard WithoutTiedHead(Shard shard, ModelConfig config)
    {
        if (config.TieWordEmbeddings != true)
            return shard;
        StoredTensor[] embeddings = [.. shard.Tensors.Where(tensor => IsNamed(tensor, Embeddings))];
        return shard with
        {
            Tensors = shard.Tensors.RemoveAll(tensor => IsNamed(tensor, Heads) && Array.Exists(embeddings, embedding => AreTheSame(embedding, tensor))),
        };
    }

    /// <summary>Whether a tensor may be the embedding under another name, so that files may lack it.</summary>
    public static bool MayBeEmbedding(string tensor) => IsNamed(tensor, Heads) || IsNamed(tensor, SecondEmbeddings);

    /// <summary>Whether two tensors have bytes in common. For views with gaps this is a guess on the safe side.</summary>
    public static bool ShareBytes(StoredTensor first, StoredTensor second) =>
        first.File == second.File && first.FileOffset < End(second) && second.FileOffset < End(first);

    private static bool AreTheSame(StoredTensor first, StoredTensor second) =>
        first.FileOffset == second.FileOffset && first.DType == second.DType && first.Shape.AsSpan().SequenceEqual(second.Shape.AsSpan())
        && first.Strides.IsDefault == second.Strides.IsDefault && (first.Strides.IsDefault || first.Strides.AsSpan().SequenceEqual(second.Strides.AsSpan()));

    private static bool IsNamed(StoredTensor tensor, string[] names) => IsNamed(tensor.Name, names);

    private static bool IsNamed(string tensor, string[] names) =>
        Array.Exists(names, name => tensor == name || tensor.EndsWith("." + name, StringComparison.Ordinal));

    private static long End(StoredTensor tensor) => tensor.ByteLength == 0 ? tensor.FileOffset
        : tensor.Strides.IsDefault ? tensor.FileOffset + tensor.ByteLength
        : tensor.FileOffset + ((tensor.Shape.Zip(tensor.Strides, (side, stride) => (side - 1) * stride).Sum() + 1) * tensor.DType.BitsPerElement() / 8);
}
