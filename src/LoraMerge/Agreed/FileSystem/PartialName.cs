namespace LoraMerge.Agreed.FileSystem;

/// <summary>
/// What files and folders are called until they are whole: <c>NAME.DIGITS.partial</c> with 32 random digits. By that they are known, and two processes
/// never make the same one.
/// </summary>
internal static class PartialName
{
    private const string Suffix = ".partial";
    private const int DigitCount = 32;

    /// <summary>A new name for what will be called <paramref name="name"/>, which may be a path.</summary>
    public static string For(string name) => $"{name}.{Guid.NewGuid():N}{Suffix}";

    /// <returns>What it was to be called; null for a name of another form.</returns>
    public static string? TargetOf(string name)
    {
        int length = name.Length - Suffix.Length - DigitCount - 1;
        bool isPartial = length > 0 && name[length] == '.' && name.EndsWith(Suffix, StringComparison.Ordinal)
            && name.Skip(length + 1).Take(DigitCount).All(char.IsAsciiHexDigitLower);
        return isPartial ? name.Substring(0, length) : null;
    }
}
