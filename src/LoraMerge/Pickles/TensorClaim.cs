using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Pickles;

/// <summary>What a pickle says of a storage; nothing of it is checked against the file yet.</summary>
/// <param name="Key">Its name among the file's storages.</param>
/// <param name="DType">Its element type; null for plain bytes.</param>
/// <param name="ElementCount">Elements of the whole storage.</param>
/// <param name="ViewOffset">Where the part that is meant starts, in elements: files of the first PyTorch releases save parts of a storage.</param>
/// <param name="ViewElementCount">Elements of that part.</param>
internal sealed record StorageClaim(string Key, DType? DType, long ElementCount, long ViewOffset, long ViewElementCount)
{
    public int BytesPerElement => DType is DType dtype ? dtype.BitsPerElement() / 8 : 1;
}

/// <summary>What a pickle says of a tensor.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Offset">Its first element, counted from the start of the storage.</param>
/// <param name="Shape">Its sides; none is negative.</param>
/// <param name="Strides">As many as sides; none is negative.</param>
internal sealed record TensorClaim(StorageClaim Storage, DType DType, long Offset, ImmutableArray<long> Shape, ImmutableArray<long> Strides);
