using LoraMerge.Architectures;
using LoraMerge.Checkpoints;

namespace LoraMerge.Adapters;

/// <summary>Whether what a file holds for an embedding and for the head that is tied to it is one change, seen from both ends.</summary>
/// <remarks>
/// <c>ensure_weight_tying</c> of PEFT lets both ends begin with the same numbers in the same memory. They part in training all the same where a base of 16 bits
/// is trained, as <c>cast_adapter_dtype</c> then gives each end a copy of its own; and they differ from the start with DoRA and where a pattern names one end.
/// It does nothing at all where the end that is adapted is not called <c>embed_tokens</c> or <c>lm_head</c>: then the file has that end alone.
/// </remarks>
internal static class TiedEnds
{
    private const int PieceLength = 1 << 20;

    public static bool AreOne(IReadOnlyList<AdaptedModule> modules)
    {
        AdaptedModule? embedding = modules.FirstOrDefault(module => VocabularyNames.IsEmbedding(module.Path)),
            head = modules.FirstOrDefault(module => VocabularyNames.IsHead(module.Path));
        return embedding is null ? head is null : head?.IsSameChangeFromHead(embedding) == true;
    }

    /// <summary>Whether two tensors hold the same numbers; reads them.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111.</exception>
    public static bool HaveSameValues(StoredTensor one, StoredTensor other)
    {
        if (one.DType != other.DType || !one.Shape.AsSpan().SequenceEqual(other.Shape.AsSpan()))
            return false;
        using var files = new TensorFiles();
        byte[] left = new byte[Math.Min(PieceLength, one.ByteLength)], right = new byte[left.Length];
        for (long offset = 0; offset < one.ByteLength; offset += PieceLength)
        {
            int length = (int)Math.Min(PieceLength, one.ByteLength - offset);
            files.ReadInto(one, offset, left.AsSpan(0, length));
            files.ReadInto(other, offset, right.AsSpan(0, length));
            if (!left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
                return false;
        }
        return true;
    }
}
