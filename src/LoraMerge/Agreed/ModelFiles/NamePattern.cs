namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Names of files with <c>*</c> for any run of characters and <c>#</c> for a digit, letter case ignored.</summary>
internal static class NamePattern
{
    public static bool MatchesAny(IEnumerable<string> patterns, string name) => patterns.Any(pattern => Matches(pattern, name));

    public static bool Matches(string pattern, string name) => Matches(pattern, 0, name, 0);

    private static bool Matches(string pattern, int p, string name, int n)
    {
        for (; p < pattern.Length; p++, n++)
        {
            if (pattern[p] == '*')
            {
                for (int rest = n; rest <= name.Length; rest++)
                {
                    if (Matches(pattern, p + 1, name, rest))
                        return true;
                }
                return false;
            }
            if (n == name.Length || !(pattern[p] == '#' ? name[n] is >= '0' and <= '9' : char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(name[n])))
                return false;
        }
        return n == name.Length;
    }
}
