namespace LoraMerge.Deltas;

/// <summary>
/// NumPy's <c>default_rng(seed)</c>, as far as adapters draw by it: PCG64 (XSL-RR 128/64), seeded by <c>SeedSequence</c>, in the order of calls of
/// <c>Generator</c>.
/// </summary>
/// <remarks>O'Neill, PCG, 2014; numpy/random/bit_generator.pyx, _generator.pyx. Unsigned numbers wrap round.</remarks>
internal sealed class NumpyGenerator
{
    /// <summary>Above so many things, and if more than one in fifty of them is chosen, NumPy shuffles them all.</summary>
    private const int ShuffledFrom = 10000, ShuffledShare = 50;

    private static readonly UInt128 Multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);

    private readonly UInt128 _increment;
    private UInt128 _state;
    private uint? _half;

    /// <param name="seed">Not negative.</param>
    public NumpyGenerator(long seed)
    {
        uint[] words = Words(Pool((ulong)seed), 8);
        ulong Word(int index) => words[2 * index] | ((ulong)words[(2 * index) + 1] << 32);
        _increment = (new UInt128(Word(2), Word(3)) << 1) | 1;
        Step();
        _state = unchecked(_state + new UInt128(Word(0), Word(1)));
        Step();
    }

    /// <summary><c>choice(count, size, replace=False)</c>.</summary>
    public int[] Choose(int count, int size)
    {
        if (count > ShuffledFrom && size > count / ShuffledShare)
        {
            int[] all = [.. Enumerable.Range(0, count)];
            ShuffleChoice(all, Math.Max(count - size, 1));
            return all[(count - size)..];
        }
        int[] chosen = new int[size];
        var known = new HashSet<int>(size);
        for (int last = count - size; last < count; last++) // Floyd's way
        {
            int drawn = (int)Below((uint)last + 1);
            if (!known.Add(drawn))
                known.Add(drawn = last);
            chosen[last - count + size] = drawn;
        }
        ShuffleChoice(chosen, 1);
        return chosen;
    }

    /// <summary><c>shuffle(values)</c>, which draws otherwise than <c>choice</c>.</summary>
    public void Shuffle(int[] values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            uint mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount((uint)i), other;
            do
            {
                other = NextHalf() & mask;
            }
            while (other > i);
            (values[i], values[other]) = (values[other], values[i]);
        }
    }

    private void ShuffleChoice(int[] values, int first)
    {
        for (int i = values.Length - 1; i >= first; i--)
        {
            uint other = Below((uint)i + 1);
            (values[i], values[other]) = (values[other], values[i]);
        }
    }

    /// <summary>Lemire's way to a number from 0 to <paramref name="count"/> - 1.</summary>
    private uint Below(uint count)
    {
        if (count == 1)
            return 0; // nothing is drawn
        ulong product = (ulong)NextHalf() * count;
        if ((uint)product < count)
        {
            uint threshold = unchecked(0u - count) % count;
            while ((uint)product < threshold)
                product = (ulong)NextHalf() * count;
        }
        return (uint)(product >> 32);
    }

    /// <summary>The lower half of a number first, then its upper one.</summary>
    private uint NextHalf()
    {
        if (_half is uint kept)
        {
            _half = null;
            return kept;
        }
        Step();
        ulong next = ulong.RotateRight((ulong)(_state >> 64) ^ (ulong)_state, (int)(_state >> 122));
        _half = (uint)(next >> 32);
        return (uint)next;
    }

    private void Step() => _state = unchecked((_state * Multiplier) + _increment);

    /// <summary><c>SeedSequence.mix_entropy</c>.</summary>
    private static uint[] Pool(ulong seed)
    {
        uint hash = 0x43b0d7e5;
        uint[] pool = [Hash((uint)seed), Hash((uint)(seed >> 32)), Hash(0), Hash(0)];
        for (int source = 0; source < pool.Length; source++)
        {
            for (int target = 0; target < pool.Length; target++)
            {
                if (source != target)
                    pool[target] = Mix(pool[target], Hash(pool[source]));
            }
        }
        return pool;

        uint Hash(uint value)
        {
            unchecked
            {
                value ^= hash;
                hash *= 0x931e8875;
                value *= hash;
                return value ^ (value >> 16);
            }
        }

        static uint Mix(uint first, uint second)
        {
            uint mixed = unchecked((0xca01f9dd * first) - (0x4973f715 * second));
            return mixed ^ (mixed >> 16);
        }
    }

    /// <summary><c>SeedSequence.generate_state</c>.</summary>
    private static uint[] Words(uint[] pool, int count)
    {
        uint hash = 0x8b51f9dd;
        uint[] words = new uint[count];
        for (int i = 0; i < count; i++)
        {
            unchecked
            {
                uint word = pool[i % pool.Length] ^ hash;
                hash *= 0x58f38ded;
                word *= hash;
                words[i] = word ^ (word >> 16);
            }
        }
        return words;
    }
}
