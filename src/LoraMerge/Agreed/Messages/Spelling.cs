namespace LoraMerge.Agreed.Messages;

/// <summary>Finds what a mistyped word was probably meant to be.</summary>
internal static class Spelling
{
    private const int MostSlips = 2;

    /// <returns>
    /// The known word that is nearest, if it is near: one slip in three letters, and two at most; letter case does not count. Null where none is.
    /// </returns>
    public static string? Nearest(string word, IEnumerable<string> known) => known
        .Select(candidate => (Word: candidate, Slips: Distance(candidate, word)))
        .Where(pair => pair.Slips <= Math.Min(MostSlips, Math.Max(1, pair.Word.Length / 3)))
        .OrderBy(pair => pair.Slips)
        .Select(pair => pair.Word)
        .FirstOrDefault();

    /// <summary>Letters to change, to add, to leave out or to swap with the next; letter case ignored.</summary>
    private static int Distance(string left, string right)
    {
        int[] beforeLast = [], last = [], row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            (beforeLast, last, row) = (last, row, new int[right.Length + 1]);
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                row[j] = Math.Min(last[j - 1] + (AreSame(left[i - 1], right[j - 1]) ? 0 : 1), Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && AreSame(left[i - 1], right[j - 2]) && AreSame(left[i - 2], right[j - 1]))
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
        }
        return row[right.Length];
    }

    private static bool AreSame(char left, char right) => char.ToLowerInvariant(left) == char.ToLowerInvariant(right);
}
