namespace LoraMerge.Agreed.Entries;

/// <summary>Where an entry of a store lies, whether it is there or not.</summary>
/// <param name="Store">Folder of the store.</param>
/// <param name="Name">As <see cref="For"/> makes it of a model's name and key.</param>
internal sealed record EntryPlace(string Store, string Name)
{
    private const string MarkExtension = ".entry";
    private const string UseExtension = ".use";
    private const string ReportExtension = ".report";

    /// <summary>Digits of the key that an entry's name ends with.</summary>
    public const int KeyDigitCount = 16;

    /// <summary>The merged model.</summary>
    public string Folder => Path.Combine(Store, Name);

    /// <summary>Written last: an entry without it does not count.</summary>
    public string MarkFile => Path.Combine(Store, Name + MarkExtension);

    /// <summary>Locked by whoever uses the entry; its time says when it was last used.</summary>
    public string UseFile => Path.Combine(Store, Name + UseExtension);

    /// <summary>The page with what was measured while the entry was merged, where that was asked for.</summary>
    public string ReportFile => Path.Combine(Store, Name + ReportExtension);

    public static EntryPlace For(string store, string modelName, string key) => new(store, $"{modelName}-{key.Substring(0, KeyDigitCount)}");

    /// <summary>Whether a name is one that <see cref="For"/> gives.</summary>
    public static bool IsName(string name)
    {
        int dash = name.Length - KeyDigitCount - 1;
        return dash > 0 && name[dash] == '-' && name.Skip(dash + 1).All(char.IsAsciiHexDigitLower);
    }

    /// <summary>Whether a file of a store is the mark of an entry.</summary>
    public static bool IsMark(string fileName) =>
        fileName.EndsWith(MarkExtension, StringComparison.Ordinal) && IsName(Path.GetFileNameWithoutExtension(fileName));

    /// <summary>Whether a file of a store is the report of an entry.</summary>
    public static bool IsReport(string fileName) =>
        fileName.EndsWith(ReportExtension, StringComparison.Ordinal) && IsName(Path.GetFileNameWithoutExtension(fileName));

    /// <summary>All entries of which there are reports.</summary>
    /// <inheritdoc cref="AllIn" path="/exception"/>
    public static IEnumerable<EntryPlace> EverReportedIn(string store) =>
        from file in Directory.GetFiles(store)
        where IsReport(Path.GetFileName(file))
        select new EntryPlace(store, Path.GetFileNameWithoutExtension(file));

    /// <summary>All entries that are marked as complete; none where there is no store.</summary>
    /// <exception cref="IOException">The store cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The store cannot be read.</exception>
    public static IEnumerable<EntryPlace> AllIn(string store) =>
        from file in Presence.OfFolder(store) ? Directory.GetFiles(store) : []
        let name = Path.GetFileName(file)
        where IsMark(name)
        select new EntryPlace(store, Path.GetFileNameWithoutExtension(name));

    /// <summary>All complete entries of a model.</summary>
    /// <inheritdoc cref="AllIn" path="/exception"/>
    public static IEnumerable<EntryPlace> AllOf(string modelName, string store) => AllIn(store).Where(place =>
        place.Name.Length == modelName.Length + 1 + KeyDigitCount && place.Name.StartsWith(modelName + "-", StringComparison.Ordinal));

    /// <summary>All entries that were ever used, and of which that is still known.</summary>
    /// <inheritdoc cref="AllIn" path="/exception"/>
    public static IEnumerable<EntryPlace> EverUsedIn(string store) =>
        from file in new DirectoryInfo(store).GetFiles("*" + UseExtension)
        let name = Path.GetFileNameWithoutExtension(file.Name)
        where file.Length == 0 && IsName(name)
        select new EntryPlace(store, name);
}
