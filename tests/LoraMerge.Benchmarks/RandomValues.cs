using System.Runtime.InteropServices;
using LoraMerge.Safetensors;

namespace LoraMerge.Benchmarks;

/// <summary>Repeatable random numbers like those of a trained weight: of both signs, between 2⁻¹⁵ and 2⁻⁴, never infinite.</summary>
internal sealed class RandomValues(int seed)
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> destination, DType dtype)
    {
        _random.NextBytes(destination);
        // Sign and mantissa stay random; of the exponent only the lowest bits do.
        switch (dtype)
        {
            case DType.BF16:
                Restrict(MemoryMarshal.Cast<byte, uint>(destination), 0x83FF_83FF, 0x3800_3800);
                break;
            case DType.F16:
                Restrict(MemoryMarshal.Cast<byte, uint>(destination), 0x8FFF_8FFF, 0x2000_2000);
                break;
            case DType.F32:
                Restrict(MemoryMarshal.Cast<byte, uint>(destination), 0x83FF_FFFF, 0x3800_0000);
                break;
            default:
                throw new NotSupportedException(dtype.ToString());
        }
    }

    private static void Restrict(Span<uint> values, uint kept, uint set)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (values[i] & kept) | set;
    }
}
