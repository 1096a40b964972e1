namespace LoraMerge.Checkpoints;

/// <summary>Tensors that are no weights: transformers computes them when it builds a model, and some releases saved them all the same.</summary>
internal static class Buffers
{
    private static readonly string[] Names =
        [".inv_freq", ".position_ids", ".masked_bias", ".attn.bias", ".attention.bias", ".num_batches_tracked", ".token_type_ids", ".relative_position_index"];

    /// <summary>Whether files may lack a tensor of this name.</summary>
    public static bool IsOne(string tensor) => Array.Exists(Names, name => tensor.EndsWith(name, StringComparison.Ordinal));
}
