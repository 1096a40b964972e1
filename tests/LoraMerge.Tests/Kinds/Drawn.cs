namespace LoraMerge.Tests.Kinds;

/// <summary>
/// What PyTorch's generator on the CPU gives, written down from its description: the Mersenne Twister, of whose numbers uniform float32 ones keep the lowest 24
/// bits.
/// </summary>
internal static class Drawn
{
    /// <summary>Two rows of numbers between -bound and bound, drawn one after the other.</summary>
    public static (double[] First, double[] Second) Uniform(uint seed, (int Count, double Bound) first, (int Count, double Bound) second)
    {
        var twister = new Twister(seed);
        return (Draw(first), Draw(second));

        double[] Draw((int Count, double Bound) row) =>
            [.. Enumerable.Range(0, row.Count).Select(_ => ((twister.Next() & 0xFFFFFF) / 16777216.0 * 2 * row.Bound) - row.Bound)];
    }

    /// <summary>MT19937, Matsumoto and Nishimura, 1998.</summary>
    private sealed class Twister
    {
        private const int Length = 624, Distance = 397;

        private readonly uint[] _state = new uint[Length];
        private int _index = Length;

        public Twister(uint seed)
        {
            _state[0] = seed;
            for (uint i = 1; i < Length; i++)
                _state[i] = unchecked((1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30))) + i);
        }

        public uint Next()
        {
            if (_index == Length)
                Twist();
            uint y = _state[_index++];
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c5680;
            y ^= (y << 15) & 0xefc60000;
            return y ^ (y >> 18);
        }

        private void Twist()
        {
            for (int i = 0; i < Length; i++)
            {
                uint y = (_state[i] & 0x80000000) | (_state[(i + 1) % Length] & 0x7fffffff);
                _state[i] = _state[(i + Distance) % Length] ^ (y >> 1) ^ ((y & 1) * 0x9908b0df);
            }
            _index = 0;
        }
    }
}
