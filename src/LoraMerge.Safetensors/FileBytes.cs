using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>Reads at a position, all or nothing.</summary>
internal static class FileBytes
{
    /// <summary>Fills the destination from the file.</summary>
    /// <exception cref="SafetensorsFormatException">Truncated: the file ends before, though its length said otherwise a moment ago.</exception>
    public static void ReadExactly(SafeFileHandle file, long fileOffset, Span<byte> destination, string path)
    {
        // A read may be short: Linux moves at most 0x7ffff000 bytes at once, network file systems far less.
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(file, destination, fileOffset);
            if (count == 0)
            {
                throw new SafetensorsFormatException(SafetensorsFault.Truncated, path, null,
                    $"The file ends at byte {fileOffset}, but {destination.Length} more bytes are to be read there. It was cut while it was read.");
            }

            fileOffset += count;
            destination = destination[count..];
        }
    }
}
