using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace LoraMerge.Combinations;

/// <summary>The random numbers of DARE for one tensor: element i has draw i, whoever asks for it and in which order.</summary>
/// <remarks>
/// SplitMix64 (Steele, Lea, Flood 2014), read at a position instead of in turn: u(i) = mix(key + (i + 1)·γ), of which the upper 53 bits are a number
/// in [0, 1). The key is XxHash3 of the line <c>dare SEED MODULE ADAPTER PART</c>. Integers only, so the draws are the same on every machine.
/// </remarks>
internal sealed class DareDraws
{
    /// <summary>The seed of all draws; the manifest states it.</summary>
    public const int Seed = 0;

    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private const double TwoToMinus53 = 1.0 / (1L << 53);

    private readonly ulong _key;

    /// <param name="module">Module path in the live model.</param>
    /// <param name="adapter">Number of the adapter in the request, from 0.</param>
    /// <param name="part"><c>A</c>, <c>B</c> or <c>BA</c>.</param>
    public DareDraws(string module, int adapter, string part) =>
        _key = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"dare {Seed} {module} {adapter} {part}")));

    /// <summary>Writes 1 for elements that stay, which each does with probability <paramref name="density"/>, and 0 for the others.</summary>
    public void Fill(long firstElement, double density, Span<byte> mask)
    {
        ulong state = unchecked(_key + ((ulong)firstElement * Gamma));
        for (int i = 0; i < mask.Length; i++)
        {
            state = unchecked(state + Gamma);
            mask[i] = (Mix(state) >> 11) * TwoToMinus53 < density ? (byte)1 : (byte)0;
        }
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
