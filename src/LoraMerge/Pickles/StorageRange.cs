namespace LoraMerge.Pickles;

/// <summary>Where a storage lies in the file.</summary>
/// <param name="FileOffset">Its first byte, from the start of the file.</param>
/// <param name="ByteLength">Its length there.</param>
internal readonly record struct StorageRange(long FileOffset, long ByteLength);
