namespace LoraMerge.Quantized;

/// <summary>A row of whole numbers with a scale and a zero point for each group of columns: (number - zero point)·scale.</summary>
/// <param name="bits">Of a number.</param>
/// <param name="groupLength">Columns of a group, which follow one another.</param>
/// <param name="groups">The group of each column; null where they follow one another.</param>
internal sealed class GroupedRow(int bits, long groupLength, int[]? groups)
{
    /// <summary>Up to here a table of all numbers is made for each group.</summary>
    private const int LargestTable = 4;

    /// <summary>Shorter groups cost more to make a table for than it saves.</summary>
    private const int ShortestGroup = 32;

    /// <param name="numbers">One in a byte.</param>
    /// <param name="scales">One for each group.</param>
    /// <param name="zeros">One for each group.</param>
    /// <param name="destination">As many values as there are numbers.</param>
    public void Decode<T>(ReadOnlySpan<byte> numbers, ReadOnlySpan<double> scales, ReadOnlySpan<int> zeros, Span<T> destination)
        where T : unmanaged
    {
        if (groups is not null)
        {
            for (int i = 0; i < destination.Length; i++)
                destination[i] = Numbers.As<T>((numbers[i] - zeros[groups[i]]) * scales[groups[i]]);
            return;
        }
        int width = (int)Math.Min(groupLength, numbers.Length);
        for (int group = 0, at = 0; at < numbers.Length; group++, at += width)
        {
            int count = Math.Min(width, numbers.Length - at);
            if (bits <= LargestTable && count >= ShortestGroup)
                Look(numbers.Slice(at, count), scales[group], zeros[group], destination.Slice(at, count));
            else
                Multiply(numbers.Slice(at, count), scales[group], zeros[group], destination.Slice(at, count));
        }
    }

    private void Look<T>(ReadOnlySpan<byte> numbers, double scale, int zero, Span<T> destination)
        where T : unmanaged
    {
        Span<T> table = stackalloc T[1 << LargestTable];
        for (int number = 0; number < 1 << bits; number++)
            table[number] = Numbers.As<T>((number - zero) * scale);
        for (int i = 0; i < numbers.Length && i < destination.Length; i++)
            destination[i] = table[numbers[i]];
    }

    private static void Multiply<T>(ReadOnlySpan<byte> numbers, double scale, int zero, Span<T> destination)
        where T : unmanaged
    {
        for (int i = 0; i < numbers.Length && i < destination.Length; i++)
            destination[i] = Numbers.As<T>((numbers[i] - zero) * scale);
    }
}
