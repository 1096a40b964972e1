using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LoraMerge.Quantized;

/// <summary>Whole numbers of few bits in words of 32, the first in the lowest bits.</summary>
/// <param name="Bits">Of a number, 1 to 8.</param>
/// <param name="IsDense">Whether a number may lie across two words; else each word holds as many whole ones as it can.</param>
internal readonly record struct PackedIntegers(int Bits, bool IsDense = true)
{
    private int PerWord => 32 / Bits;

    /// <summary>Words that some numbers take.</summary>
    public long WordsOf(long count) => IsDense ? ((count * Bits) + 31) / 32 : (count + PerWord - 1) / PerWord;

    /// <summary>One number.</summary>
    /// <param name="words">The words.</param>
    /// <param name="index">Which number.</param>
    /// <param name="first">Where the first word lies.</param>
    /// <param name="step">From a word to the next.</param>
    public int At(ReadOnlySpan<uint> words, long index, long first = 0, long step = 1)
    {
        long bit = IsDense ? index * Bits : (index / PerWord * 32) + (index % PerWord * Bits);
        (long word, int shift) = (bit >> 5, (int)(bit & 31));
        ulong window = words[(int)(first + (word * step))];
        if (shift + Bits > 32)
            window |= (ulong)words[(int)(first + ((word + 1) * step))] << 32;
        return (int)(window >> shift) & ((1 << Bits) - 1);
    }

    /// <summary>Puts a number into words where its bits are 0.</summary>
    /// <param name="words">The words.</param>
    /// <param name="index">Which number.</param>
    /// <param name="number">It.</param>
    /// <param name="first">Where the first word lies.</param>
    /// <param name="step">From a word to the next.</param>
    public void Put(Span<uint> words, long index, int number, long first = 0, long step = 1)
    {
        long bit = IsDense ? index * Bits : (index / PerWord * 32) + (index % PerWord * Bits);
        (long word, int shift) = (bit >> 5, (int)(bit & 31));
        ulong window = (ulong)(uint)number << shift;
        words[(int)(first + (word * step))] |= (uint)window;
        if (shift + Bits > 32)
            words[(int)(first + ((word + 1) * step))] |= (uint)(window >> 32);
    }

    /// <summary>Numbers that begin with a word, one in a byte.</summary>
    public void Unpack(ReadOnlySpan<uint> words, Span<byte> numbers)
    {
        switch (Bits)
        {
            case 4:
                UnpackNibbles(words, numbers);
                break;
            case 8 when BitConverter.IsLittleEndian:
                MemoryMarshal.AsBytes(words)[..numbers.Length].CopyTo(numbers);
                break;
            default:
                UnpackAny(words, numbers);
                break;
        }
    }

    private static void UnpackNibbles(ReadOnlySpan<uint> words, Span<byte> numbers)
    {
        int whole = numbers.Length / 8;
        for (int i = 0; i < whole; i++)
        {
            ulong spread = words[i];
            spread = (spread | (spread << 16)) & 0x0000_FFFF_0000_FFFF;
            spread = (spread | (spread << 8)) & 0x00FF_00FF_00FF_00FF;
            spread = (spread | (spread << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
            BinaryPrimitives.WriteUInt64LittleEndian(numbers[(i * 8)..], spread);
        }
        for (int i = whole * 8; i < numbers.Length; i++)
            numbers[i] = (byte)((words[i / 8] >> (i % 8 * 4)) & 15);
    }

    private void UnpackAny(ReadOnlySpan<uint> words, Span<byte> numbers)
    {
        ulong window = 0;
        int held = 0, word = 0;
        uint mask = (1u << Bits) - 1;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (held < Bits)
            {
                window = IsDense ? window | ((ulong)words[word] << held) : words[word];
                held = IsDense ? held + 32 : 32;
                word++;
            }
            numbers[i] = (byte)((uint)window & mask);
            window >>= Bits;
            held -= Bits;
        }
    }
}
