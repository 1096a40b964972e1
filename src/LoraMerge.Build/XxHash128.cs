namespace LoraMerge.Build;

/// <summary>XXH3, 128 bits, seed 0, as System.IO.Hashing has it: the task may bring no library into MSBuild's process.</summary>
/// <remarks>xxHash specification 0.2.0, "XXH3 algorithm overview"; the reference is xxhash.h of the xxHash project.</remarks>
internal sealed unsafe class XxHash128
{
    private const uint Prime32A = 0x9E3779B1, Prime32B = 0x85EBCA77, Prime32C = 0xC2B2AE3D;
    private const ulong Prime64A = 0x9E3779B185EBCA87, Prime64B = 0xC2B2AE3D27D4EB4F, Prime64C = 0x165667B19E3779F9;
    private const ulong Prime64D = 0x85EBCA77C2B2AE63, Prime64E = 0x27D4EB2F165667C5;
    private const ulong PrimeMixA = 0x165667919E3779F9, PrimeMixB = 0x9FB21C651E98DF25;

    private const int StripeByteLength = 64;
    private const int BlockByteLength = 1024; // 16 stripes: the secret's length, less a stripe, in steps of 8

    private static readonly byte[] s_secret =
    [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
        0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
        0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
        0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
        0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ];

    private readonly ulong[] _sums = [Prime32C, Prime64A, Prime64B, Prime64C, Prime64D, Prime32B, Prime64E, Prime32A];

    // The last stripe of the block before, then what is not summed yet: never empty once something came, as the end is treated in its own way.
    private readonly byte[] _buffer = new byte[StripeByteLength + BlockByteLength];
    private int _buffered;
    private long _byteLength;

    public void Append(byte[] bytes, int offset, int count)
    {
        if (count == 0)
            return;
        _byteLength += count;
        fixed (byte* source = &bytes[offset])
        fixed (byte* buffer = _buffer)
        {
            byte* next = source;
            int left = count;
            if (_buffered + left > BlockByteLength)
            {
                int missing = BlockByteLength - _buffered;
                System.Buffer.MemoryCopy(next, buffer + StripeByteLength + _buffered, missing, missing);
                next += missing;
                left -= missing;
                SumBlocks(buffer + StripeByteLength, 1);
                byte* last = buffer + BlockByteLength;
                int blocks = (left - 1) / BlockByteLength;
                if (blocks > 0)
                {
                    SumBlocks(next, blocks);
                    next += blocks * BlockByteLength;
                    left -= blocks * BlockByteLength;
                    last = next - StripeByteLength;
                }
                System.Buffer.MemoryCopy(last, buffer, StripeByteLength, StripeByteLength);
                _buffered = 0;
            }
            System.Buffer.MemoryCopy(next, buffer + StripeByteLength + _buffered, left, left);
            _buffered += left;
        }
    }

    /// <returns>16 bytes, most significant first.</returns>
    public byte[] GetCurrentHash()
    {
        (ulong low, ulong high) hash;
        fixed (byte* buffer = _buffer)
        fixed (byte* secret = s_secret)
        {
            byte* bytes = buffer + StripeByteLength;
            hash = _byteLength switch
            {
                0 => OfNothing(secret),
                <= 3 => OfUpTo3(bytes, _buffered, secret),
                <= 8 => OfUpTo8(bytes, _buffered, secret),
                <= 16 => OfUpTo16(bytes, _buffered, secret),
                <= 128 => OfUpTo128(bytes, _buffered, secret),
                <= 240 => OfUpTo240(bytes, _buffered, secret),
                _ => OfMany(bytes, secret),
            };
        }
        byte[] result = new byte[16];
        for (int i = 0; i < 8; i++)
        {
            result[i] = (byte)(hash.high >> (56 - 8 * i));
            result[8 + i] = (byte)(hash.low >> (56 - 8 * i));
        }
        return result;
    }

    private void SumBlocks(byte* bytes, int blocks)
    {
        fixed (ulong* sums = _sums)
        fixed (byte* secret = s_secret)
        {
            for (int block = 0; block < blocks; block++)
            {
                SumStripes(sums, bytes + block * BlockByteLength, secret, BlockByteLength / StripeByteLength);
                for (int i = 0; i < 8; i++)
                    sums[i] = (sums[i] ^ (sums[i] >> 47) ^ Read64(secret + 128 + 8 * i)) * Prime32A;
            }
        }
    }

    // Eight locals rather than the array: they stay in registers.
    private static void SumStripes(ulong* sums, byte* bytes, byte* secret, int stripes)
    {
        ulong s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], s4 = sums[4], s5 = sums[5], s6 = sums[6], s7 = sums[7];
        for (int stripe = 0; stripe < stripes; stripe++)
        {
            ulong* d = (ulong*)bytes;
            ulong* k = (ulong*)secret;
            ulong x0 = d[0], x1 = d[1];
            ulong m0 = x0 ^ k[0], m1 = x1 ^ k[1];
            s0 += x1 + (ulong)(uint)m0 * (m0 >> 32);
            s1 += x0 + (ulong)(uint)m1 * (m1 >> 32);
            ulong x2 = d[2], x3 = d[3];
            ulong m2 = x2 ^ k[2], m3 = x3 ^ k[3];
            s2 += x3 + (ulong)(uint)m2 * (m2 >> 32);
            s3 += x2 + (ulong)(uint)m3 * (m3 >> 32);
            ulong x4 = d[4], x5 = d[5];
            ulong m4 = x4 ^ k[4], m5 = x5 ^ k[5];
            s4 += x5 + (ulong)(uint)m4 * (m4 >> 32);
            s5 += x4 + (ulong)(uint)m5 * (m5 >> 32);
            ulong x6 = d[6], x7 = d[7];
            ulong m6 = x6 ^ k[6], m7 = x7 ^ k[7];
            s6 += x7 + (ulong)(uint)m6 * (m6 >> 32);
            s7 += x6 + (ulong)(uint)m7 * (m7 >> 32);
            bytes += StripeByteLength;
            secret += 8;
        }
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
        sums[4] = s4;
        sums[5] = s5;
        sums[6] = s6;
        sums[7] = s7;
    }

    private (ulong Low, ulong High) OfMany(byte* bytes, byte* secret)
    {
        ulong* sums = stackalloc ulong[8];
        for (int i = 0; i < 8; i++)
            sums[i] = _sums[i];
        SumStripes(sums, bytes, secret, (_buffered - 1) / StripeByteLength);
        SumStripes(sums, bytes + _buffered - StripeByteLength, secret + 192 - 64 - 7, 1);
        ulong length = (ulong)_byteLength;
        return (Merge(sums, secret + 11, length * Prime64A), Merge(sums, secret + 192 - 64 - 11, ~(length * Prime64B)));
    }

    private static ulong Merge(ulong* sums, byte* secret, ulong start)
    {
        ulong result = start;
        for (int i = 0; i < 4; i++)
            result += MultiplyFolded(sums[2 * i] ^ Read64(secret + 16 * i), sums[2 * i + 1] ^ Read64(secret + 16 * i + 8));
        return Avalanche(result);
    }

    private static (ulong Low, ulong High) OfNothing(byte* secret)
    {
        return (Avalanche64(Read64(secret + 64) ^ Read64(secret + 72)), Avalanche64(Read64(secret + 80) ^ Read64(secret + 88)));
    }

    private static (ulong Low, ulong High) OfUpTo3(byte* bytes, int length, byte* secret)
    {
        uint low = ((uint)bytes[0] << 16) | ((uint)bytes[length >> 1] << 24) | bytes[length - 1] | ((uint)length << 8);
        uint swapped = Swap(low);
        uint high = (swapped << 13) | (swapped >> 19);
        return (Avalanche64(low ^ (ulong)(Read32(secret) ^ Read32(secret + 4))), Avalanche64(high ^ (ulong)(Read32(secret + 8) ^ Read32(secret + 12))));
    }

    private static (ulong Low, ulong High) OfUpTo8(byte* bytes, int length, byte* secret)
    {
        ulong both = Read32(bytes) + ((ulong)Read32(bytes + length - 4) << 32);
        (ulong low, ulong high) = Multiply(both ^ Read64(secret + 16) ^ Read64(secret + 24), Prime64A + ((ulong)length << 2));
        high += low << 1;
        low ^= high >> 3;
        low = (low ^ (low >> 35)) * PrimeMixB;
        return (low ^ (low >> 28), Avalanche(high));
    }

    private static (ulong Low, ulong High) OfUpTo16(byte* bytes, int length, byte* secret)
    {
        ulong first = Read64(bytes), last = Read64(bytes + length - 8);
        (ulong low, ulong high) = Multiply(first ^ last ^ Read64(secret + 32) ^ Read64(secret + 40), Prime64A);
        low += (ulong)(length - 1) << 54;
        last ^= Read64(secret + 48) ^ Read64(secret + 56);
        high += last + (ulong)(uint)last * (Prime32B - 1);
        low ^= ((ulong)Swap((uint)high) << 32) | Swap((uint)(high >> 32));
        (ulong resultLow, ulong resultHigh) = Multiply(low, Prime64B);
        return (Avalanche(resultLow), Avalanche(resultHigh + high * Prime64B));
    }

    private static (ulong Low, ulong High) OfUpTo128(byte* bytes, int length, byte* secret)
    {
        ulong low = (ulong)length * Prime64A, high = 0;
        for (int i = (length - 1) / 32; i >= 0; i--)
            Mix(ref low, ref high, bytes + 16 * i, bytes + length - 16 * (i + 1), secret + 32 * i);
        return Finish(low, high, (ulong)length);
    }

    private static (ulong Low, ulong High) OfUpTo240(byte* bytes, int length, byte* secret)
    {
        ulong low = (ulong)length * Prime64A, high = 0;
        for (int i = 32; i < 160; i += 32)
            Mix(ref low, ref high, bytes + i - 32, bytes + i - 16, secret + i - 32);
        low = Avalanche(low);
        high = Avalanche(high);
        for (int i = 160; i <= length; i += 32)
            Mix(ref low, ref high, bytes + i - 32, bytes + i - 16, secret + 3 + i - 160);
        Mix(ref low, ref high, bytes + length - 16, bytes + length - 32, secret + 136 - 17 - 16);
        return Finish(low, high, (ulong)length);
    }

    private static void Mix(ref ulong low, ref ulong high, byte* first, byte* second, byte* secret)
    {
        low += MultiplyFolded(Read64(first) ^ Read64(secret), Read64(first + 8) ^ Read64(secret + 8));
        low ^= Read64(second) + Read64(second + 8);
        high += MultiplyFolded(Read64(second) ^ Read64(secret + 16), Read64(second + 8) ^ Read64(secret + 24));
        high ^= Read64(first) + Read64(first + 8);
    }

    private static (ulong Low, ulong High) Finish(ulong low, ulong high, ulong length)
    {
        return (Avalanche(low + high), 0 - Avalanche(low * Prime64A + high * Prime64D + length * Prime64B));
    }

    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 37)) * PrimeMixA;
        return hash ^ (hash >> 32);
    }

    private static ulong Avalanche64(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime64B;
        hash = (hash ^ (hash >> 29)) * Prime64C;
        return hash ^ (hash >> 32);
    }

    private static ulong MultiplyFolded(ulong a, ulong b)
    {
        (ulong low, ulong high) = Multiply(a, b);
        return low ^ high;
    }

    private static (ulong Low, ulong High) Multiply(ulong a, ulong b)
    {
        ulong lowLow = (ulong)(uint)a * (uint)b;
        ulong highLow = (a >> 32) * (uint)b;
        ulong lowHigh = (uint)a * (b >> 32);
        ulong cross = (lowLow >> 32) + (uint)highLow + lowHigh;
        return ((cross << 32) | (uint)lowLow, (highLow >> 32) + (cross >> 32) + (a >> 32) * (b >> 32));
    }

    private static uint Swap(uint value) => (value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >> 24);

    private static uint Read32(byte* bytes) => *(uint*)bytes;

    private static ulong Read64(byte* bytes) => *(ulong*)bytes;
}
