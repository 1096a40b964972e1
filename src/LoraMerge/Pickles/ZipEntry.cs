namespace LoraMerge.Pickles;

/// <summary>A file in a zip archive, as its directory describes it.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="IsEncrypted">Whether its bytes are encrypted.</param>
/// <param name="IsCompressed">Whether its bytes are stored in another form than as they are.</param>
/// <param name="ByteLength">Bytes when unpacked.</param>
/// <param name="PackedByteLength">Bytes in the archive.</param>
/// <param name="HeaderOffset">Where its own header lies, from the start of the archive.</param>
/// <param name="Checksum">CRC-32 of its bytes; 0 where none was computed, which PyTorch can be told (<c>set_crc32_options</c>).</param>
internal sealed record ZipEntry(string Name, bool IsEncrypted, bool IsCompressed, long ByteLength, long PackedByteLength, long HeaderOffset, uint Checksum);
