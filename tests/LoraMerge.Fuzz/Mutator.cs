namespace LoraMerge.Fuzz;

/// <summary>Makes inputs out of a corpus as AFL's random stage does; the same ones for the same seed on every machine.</summary>
internal sealed class Mutator(Corpus corpus, int seed)
{
    private const int MostChanges = 6;
    private const int LongestBlock = 64;

    /// <summary>Where counts and lengths change their sign or their width.</summary>
    private static readonly long[] Edges = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue,
        long.MinValue];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        List<byte> bytes = [.. Any(corpus.Inputs)];
        for (int changes = _random.Next(1, MostChanges + 1); changes > 0; changes--)
            Change(bytes);
        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        int at = _random.Next(bytes.Count + 1);
        int length = Math.Min(_random.Next(1, LongestBlock + 1), bytes.Count - at);
        switch (_random.Next(8))
        {
            case 0 when length > 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when length > 0:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 4 when corpus.Words.Count > 0:
                bytes.InsertRange(at, Any(corpus.Words));
                break;
            case 5 when corpus.Words.Count > 0:
                Overwrite(bytes, at, Any(corpus.Words));
                break;
            case 6:
                Overwrite(bytes, at, BitConverter.GetBytes(Edges[_random.Next(Edges.Length)]).AsSpan(0, 1 << _random.Next(4)));
                break;
            default:
                byte[] other = Any(corpus.Inputs);
                int from = _random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(_random.Next(1, LongestBlock + 1), other.Length - from)));
                break;
        }
    }

    private byte[] Any(IReadOnlyList<byte[]> some) => some[_random.Next(some.Count)];

    private static void Overwrite(List<byte> bytes, int at, ReadOnlySpan<byte> by)
    {
        for (int i = 0; i < by.Length && at + i < bytes.Count; i++)
            bytes[at + i] = by[i];
    }
}
