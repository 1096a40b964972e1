namespace LoraMerge.Agreed.Options;

/// <summary>
/// SHA-256 digests of an input's files: one alone, for an input of one weight file, or each with the name of its file. A list has ';' or line ends between, and
/// takes the lines of <c>sha256sum</c> too.
/// </summary>
internal static class DigestList
{
    /// <summary>The name of a digest that stands alone.</summary>
    public const string OfTheOnlyFile = "";

    private const int DigestLength = 64;

    /// <returns><c>DIGEST</c>, or <c>NAME=DIGEST;…</c> in ordinal order, in small letters; null where the text is none of both.</returns>
    public static string? Normalize(string text)
    {
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in text.Split(';', '\r', '\n').Select(part => part.Trim()).Where(part => part.Length > 0))
        {
            if (!TryRead(part, out string name, out string digest) || digests.ContainsKey(name))
                return null;
            digests.Add(name, digest);
        }
        return digests.Count == 0 || (digests.Count > 1 && digests.ContainsKey(OfTheOnlyFile)) ? null
            : string.Join(";", digests.Select(pair => pair.Key == OfTheOnlyFile ? pair.Value : $"{pair.Key}={pair.Value}"));
    }

    /// <param name="normalized">As <see cref="Normalize"/> gives it.</param>
    /// <returns>Digests by the paths of their files below the input, with '/'.</returns>
    public static IEnumerable<KeyValuePair<string, string>> Read(string normalized) =>
        normalized.Split(';').Select(part => TryRead(part, out string name, out string digest)
            ? new KeyValuePair<string, string>(name, digest)
            : throw new ArgumentException($"'{part}' is no digest.", nameof(normalized)));

    private static bool TryRead(string part, out string name, out string digest)
    {
        int split = part.LastIndexOf('=');
        bool isLineOfSum = split < 0 && part.Length > DigestLength + 1 && part[DigestLength] == ' ';
        (name, digest) = split >= 0 ? (part.Substring(0, split).Trim(), part.Substring(split + 1).Trim())
            : isLineOfSum ? (part.Substring(DigestLength + 1).TrimStart(' ', '*'), part.Substring(0, DigestLength))
            : (OfTheOnlyFile, part);
        if (name.StartsWith("./", StringComparison.Ordinal))
            name = name.Substring(2);
        digest = digest.ToLowerInvariant();
        bool isNamed = split >= 0 || isLineOfSum;
        return digest.Length == DigestLength && digest.All(char.IsAsciiHexDigitLower)
            && (!isNamed || IsPath(name));
    }

    private static bool IsPath(string name) =>
        name.Split('/').All(segment => segment is not ("" or "." or "..")) && !name.Any(letter => letter is '\\' || char.IsControl(letter));
}
