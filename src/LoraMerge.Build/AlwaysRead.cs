namespace LoraMerge.Build;

/// <summary>
/// The inputs that every build reads, whatever their sizes and times say: some ways to replace a file leave all of these as they were, and small files cost
/// next to nothing.
/// </summary>
internal static class AlwaysRead
{
    /// <summary>What the files of one model may have together.</summary>
    public const long MostBytes = 16 << 20;

    /// <summary>The adapters' files before the base's, small ones before large ones, as long as they fit.</summary>
    /// <param name="roots">The base, then the adapters.</param>
    public static HashSet<InputFile> Among(IReadOnlyList<InputRoot> roots)
    {
        HashSet<InputFile> chosen = [];
        long left = MostBytes;
        IEnumerable<InputFile> ofAdapters = roots.Skip(1).SelectMany(root => root.Files), ofBase = roots[0].Files;
        foreach (InputFile file in ofAdapters.OrderBy(file => file.Stamp.ByteLength).Concat(ofBase.OrderBy(file => file.Stamp.ByteLength))
            .Where(file => file.KnownHash is null))
        {
            if ((left -= file.Stamp.ByteLength) < 0)
                break;
            chosen.Add(file);
        }
        return chosen;
    }
}
