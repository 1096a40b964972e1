using System.Globalization;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Agreed.Entries;

/// <summary>A merged model in a store: the folder <c>NAME-KEY16</c> and, written last, the file <c>NAME-KEY16.entry</c> that lists what the folder holds.</summary>
/// <param name="Key">All 32 digits of the model's key.</param>
/// <param name="FinishedTicks">When the merge ended, UTC.</param>
/// <param name="Files">In ordinal order of their paths.</param>
/// <remarks>
/// Text, UTF-8: <c>lora-merge entry 1</c>, <c>key KEY</c>, <c>finished TICKS</c> and for each file <c>file LENGTH MODIFIED HASH PATH</c>.
/// </remarks>
internal sealed record StoreEntry(string Key, long FinishedTicks, IReadOnlyList<StoredFile> Files)
{
    private const string Header = "lora-merge entry 1";
    private const string Extension = ".entry";

    /// <summary>Digits of the key that an entry's name ends with.</summary>
    public const int KeyDigitCount = 16;

    /// <summary>The folder's name below the store, and that of the entry's file without its extension.</summary>
    public static string NameFor(string modelName, string key) => $"{modelName}-{key.Substring(0, KeyDigitCount)}";

    /// <summary>Whether a name is one that <see cref="NameFor"/> gives.</summary>
    public static bool IsName(string name)
    {
        int dash = name.Length - KeyDigitCount - 1;
        return dash > 0 && name[dash] == '-' && name.Skip(dash + 1).All(PartialName.IsDigit);
    }

    /// <summary>Whether a file of a store is the mark of an entry.</summary>
    public static bool IsFileName(string name) => name.EndsWith(Extension, StringComparison.Ordinal) && IsName(Path.GetFileNameWithoutExtension(name));

    public static string FolderOf(string store, string entryName) => Path.Combine(store, entryName);

    public static string FileOf(string store, string entryName) => Path.Combine(store, entryName + Extension);

    /// <summary>Names of all entries that are marked as complete; none where there is no store.</summary>
    /// <exception cref="IOException">The store cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The store cannot be read.</exception>
    public static IEnumerable<string> AllNames(string store) =>
        from file in Presence.OfFolder(store) ? Directory.GetFiles(store) : []
        let name = Path.GetFileName(file)
        where IsFileName(name)
        select Path.GetFileNameWithoutExtension(name);

    /// <summary>Names of all complete entries of a model.</summary>
    /// <inheritdoc cref="AllNames" path="/exception"/>
    public static IEnumerable<string> NamesFor(string store, string modelName) =>
        AllNames(store).Where(name => name.Length == modelName.Length + 1 + KeyDigitCount && name.StartsWith(modelName + "-", StringComparison.Ordinal));

    /// <param name="store">Folder of the store.</param>
    /// <param name="entryName">As <see cref="NameFor"/> gives it.</param>
    /// <param name="key">The key that it must have; null for any.</param>
    /// <returns>Null where the entry is missing, not whole or for another key. Says nothing of the files: see <see cref="Check(string, string, CancellationToken)"/>.</returns>
    public static StoreEntry? TryLoad(string store, string entryName, string? key)
    {
        try
        {
            StoreEntry? entry = AtomicFile.TryReadLines(FileOf(store, entryName)) is { } lines ? Parse(lines) : null;
            return key is null || entry?.Key == key ? entry : null;
        }
        catch (Exception fault) when (fault is FormatException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>Commits the entry: from now on it counts. The model's folder must be complete.</summary>
    public void Save(string store, string entryName) => AtomicFile.WriteLines(FileOf(store, entryName), ToLines());

    /// <inheritdoc cref="Check(string, string, Func{StoredFile, string, string})"/>
    public StoreEntry? Check(string store, string entryName, CancellationToken cancellation) => Check(store, entryName, (_, path) => ContentHash.OfFile(path, cancellation));

    /// <summary>Compares the folder with the list. A file with the right length but another time is read: copies and restored caches lose times.</summary>
    /// <param name="store">Folder of the store.</param>
    /// <param name="entryName">As <see cref="NameFor"/> gives it.</param>
    /// <param name="hash">Reads a file, of which it gets the full path too.</param>
    /// <returns>The entry with the times that the files have now, this one where nothing changed; null where a file is missing or another.</returns>
    public StoreEntry? Check(string store, string entryName, Func<StoredFile, string, string> hash)
    {
        var files = new List<StoredFile>();
        foreach (StoredFile file in Files)
        {
            string path = Path.Combine(FolderOf(store, entryName), file.RelativePath.Replace('/', Path.DirectorySeparatorChar));
            if (!Presence.OfFile(path) || IsLink(path, store))
                return null;
            FileStamp stamp = FileStamp.Of(path);
            bool isSame = (stamp == file.Stamp && stamp.HasTime) || (stamp.ByteLength == file.Stamp.ByteLength && hash(file, path) == file.Hash);
            if (!isSame)
                return null;
            files.Add(file with { Stamp = stamp });
        }
        return files.SequenceEqual(Files) ? this : this with { Files = files };
    }

    /// <summary>No merge leaves a link in a store: one that is there leads to files that nobody meant to ship.</summary>
    private static bool IsLink(string path, string store)
    {
        for (string part = path; part.Length > store.Length; part = Path.GetDirectoryName(part)!)
        {
            if (RealPath.IsLink(part))
                return true;
        }
        return false;
    }

    private static StoreEntry? Parse(string[] lines)
    {
        if (lines.Length == 0 || lines[0] != Header)
            return null;
        string? key = null;
        long? finished = null;
        var files = new List<StoredFile>();
        foreach (string line in lines.Skip(1))
        {
            string[] words = line.Split([' '], 2);
            switch (words[0])
            {
                case "key":
                    key = words[1];
                    break;
                case "finished":
                    finished = ParseNumber(words[1]);
                    break;
                case "file":
                    string[] file = words[1].Split([' '], 4);
                    if (!RelativePath.IsBelow(file[3]))
                        return null;
                    files.Add(new StoredFile(file[3], new FileStamp(ParseNumber(file[0]), ParseNumber(file[1])), file[2]));
                    break;
                default:
                    return null;
            }
        }
        return key is not null && finished is { } ticks ? new StoreEntry(key, ticks, files) : null;
    }

    private static long ParseNumber(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private IEnumerable<string> ToLines()
    {
        yield return Header;
        yield return "key " + Key;
        yield return FormattableString.Invariant($"finished {FinishedTicks}");
        foreach (StoredFile file in Files)
            yield return FormattableString.Invariant($"file {file.Stamp.ByteLength} {file.Stamp.ModifiedTicks} {file.Hash} {file.RelativePath}");
    }
}

/// <param name="RelativePath">Below the model's folder, with '/'.</param>
/// <param name="Stamp">As it was when the list was made.</param>
/// <param name="Hash">As <see cref="ContentHash"/> writes it.</param>
internal sealed record StoredFile(string RelativePath, FileStamp Stamp, string Hash);
