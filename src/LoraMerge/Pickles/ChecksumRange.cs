namespace LoraMerge.Pickles;

/// <summary>Bytes of a file that a checksum is known of.</summary>
/// <param name="Name">What they are, for messages.</param>
/// <param name="FileOffset">Where they start.</param>
/// <param name="ByteLength">How many they are.</param>
/// <param name="Checksum">Their CRC-32.</param>
internal sealed record ChecksumRange(string Name, long FileOffset, long ByteLength, uint Checksum);
