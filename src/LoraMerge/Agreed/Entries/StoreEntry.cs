using System.Globalization;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Agreed.Entries;

/// <summary>
/// A merged model in a store: the folder <c>NAME-KEY16</c> and, written last, the file <c>NAME-KEY16.entry</c> that lists what the folder holds.
/// </summary>
/// <param name="Key">All 32 digits of the model's key.</param>
/// <param name="FinishedTicks">When the merge ended, UTC.</param>
/// <param name="Files">In ordinal order of their paths.</param>
/// <remarks>
/// Text, UTF-8: <c>lora-merge entry 1</c>, <c>key KEY</c>, <c>finished TICKS</c> and for each file <c>file LENGTH MODIFIED HASH PATH</c>.
/// </remarks>
internal sealed record StoreEntry(string Key, long FinishedTicks, IReadOnlyList<StoredFile> Files)
{
    private const string Header = "lora-merge entry 1";

    /// <param name="place">Where it lies.</param>
    /// <param name="key">The key that it must have; null for any.</param>
    /// <returns>
    /// Null where the entry is missing, not whole or for another key. Says nothing of the files: see <see cref="Check(EntryPlace, CancellationToken)"/>.
    /// </returns>
    public static StoreEntry? TryLoad(EntryPlace place, string? key)
    {
        try
        {
            StoreEntry? entry = AtomicFile.TryReadLines(place.MarkFile) is { } lines ? Parse(lines) : null;
            return key is null || entry?.Key == key ? entry : null;
        }
        catch (Exception fault) when (fault is FormatException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>Commits the entry: from now on it counts. The model's folder must be complete.</summary>
    public void Save(EntryPlace place) => AtomicFile.WriteLines(place.MarkFile, ToLines());

    /// <inheritdoc cref="Check(EntryPlace, Func{StoredFile, string, string})"/>
    public StoreEntry? Check(EntryPlace place, CancellationToken cancellation) => Check(place, (_, path) => ContentHash.OfFile(path, cancellation));

    /// <summary>Compares the folder with the list. A file with the right length but another time is read: copies and restored caches lose times.</summary>
    /// <param name="place">Where it lies.</param>
    /// <param name="hash">Reads a file, of which it gets the full path too.</param>
    /// <returns>The entry with the times that the files have now, this one where nothing changed; null where a file is missing or another.</returns>
    public StoreEntry? Check(EntryPlace place, Func<StoredFile, string, string> hash)
    {
        var files = new List<StoredFile>();
        foreach (StoredFile file in Files)
        {
            string path = FileNames.PathIn(place.Folder, file.RelativePath);
            if (!Presence.OfFile(path) || IsLink(path, place.Store))
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
