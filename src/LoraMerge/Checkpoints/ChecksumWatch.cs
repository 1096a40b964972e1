using System.Collections.Immutable;
using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Pickles;

namespace LoraMerge.Checkpoints;

/// <summary>Compares checksums of parts of a file while it is read from its beginning to its end.</summary>
/// <param name="path">The file.</param>
/// <param name="ranges">The parts, in the order of their bytes.</param>
internal sealed class ChecksumWatch(string path, ImmutableArray<ChecksumRange> ranges)
{
    private readonly Crc32 _checksum = new();
    private int _next;

    /// <param name="offset">Where the bytes start: where the last ones ended.</param>
    /// <param name="bytes">Bytes of the file.</param>
    /// <exception cref="LoraMergeException">LORA2037.</exception>
    public void Append(long offset, ReadOnlySpan<byte> bytes)
    {
        for (long end = offset + bytes.Length; _next < ranges.Length && ranges[_next] is var range && range.FileOffset < end; _next++)
        {
            long rangeEnd = range.FileOffset + range.ByteLength;
            int from = (int)Math.Max(range.FileOffset - offset, 0);
            // Nothing where ranges lie in one another, which no sound file has.
            _checksum.Append(bytes[from..(int)Math.Clamp(rangeEnd - offset, from, bytes.Length)]);
            if (rangeEnd > end)
                return;
            uint found = _checksum.GetCurrentHashAsUInt32();
            if (found != range.Checksum)
                throw Errors.PickleDamaged(path, range.Name, range.Checksum, found);
            _checksum.Reset();
        }
    }
}
