using System.Globalization;
using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>
/// What the addresses of a project became when they were last fetched: so a build with all of it there asks nobody and starts no process. Losing it costs
/// a look into the cache.
/// </summary>
/// <param name="Path">Absolute path of the file.</param>
/// <param name="LockHash">As <see cref="HashOfLock"/> gave it then.</param>
/// <param name="Variables">What stands for the environment that chose the cache's folder.</param>
/// <param name="Inputs">The addresses, each with its files.</param>
/// <remarks>
/// Text, UTF-8: <c>lora-merge fetched 1</c>, <c>lock HASH</c>, <c>variables TEXT</c>, and for each address <c>address ROLE ADDRESS</c>, <c>name NAME</c>,
/// <c>commit COMMIT</c>, <c>list HASH</c>, <c>folder PATH</c>, and <c>file LENGTH MODIFIED CHANGED PATH</c> for each file;
/// or <c>known LENGTH HASH PATH</c> for each, where the files were not fetched because the store may have what was merged of them.
/// </remarks>
internal sealed record FetchedFile(string Path, string LockHash, string Variables, IReadOnlyList<FetchedFile.Input> Inputs)
{
    /// <summary>Of a lock file that is not there, or that lacks something: never that of one that is.</summary>
    public const string NoLock = "none";

    private const string Header = "lora-merge fetched 1";

    /// <exception cref="IOException">The lock file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The lock file may not be read.</exception>
    public static string HashOfLock(string path) => Presence.OfFile(path) ? ContentHash.OfFile(path, CancellationToken.None) : NoLock;

    /// <returns>Null where there is none or it is not whole.</returns>
    public static FetchedFile? TryLoad(string path)
    {
        try
        {
            return AtomicFile.TryReadLines(path) is { } lines ? Parse(path, lines) : null;
        }
        catch (Exception fault) when (fault is FormatException or OverflowException or IndexOutOfRangeException or ArgumentException)
        {
            return null;
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Save() => AtomicFile.WriteLines(Path, ToLines());

    /// <returns>Null where the address was not fetched as that.</returns>
    public Input? Find(string role, string address) => Inputs.FirstOrDefault(input => input.Role == role && input.Fetched.Address == address);

    private static FetchedFile? Parse(string path, string[] lines)
    {
        if (lines.Length < 3 || lines[0] != Header)
            return null;
        List<Input> inputs = [];
        foreach (string line in lines.Skip(3))
        {
            string[] words = line.Split([' '], 2);
            Input? last = inputs.LastOrDefault();
            switch (words[0])
            {
                case "address":
                    string[] address = words[1].Split([' '], 2);
                    inputs.Add(new Input(address[0], "", new FetchedInput("", address[1], "", []), []));
                    continue;
                case "name" when last is not null:
                    last = last with { Fetched = last.Fetched with { Name = words[1] } };
                    break;
                case "commit" when last is not null:
                    last = last with { Fetched = last.Fetched with { Commit = words[1] } };
                    break;
                case "list" when last is not null:
                    last = last with { Fetched = last.Fetched with { ListHash = words[1] } };
                    break;
                case "folder" when last is not null:
                    last = last with { Folder = words[1] };
                    break;
                case "file" when last is not null:
                    string[] file = words[1].Split([' '], 4);
                    var stamp = new StampedFile(file[3], new FileStamp(Number(file[0]), Number(file[1])), Number(file[2]));
                    last = last with { Fetched = last.Fetched with { Files = [.. last.Fetched.Files, file[3]] }, Files = [.. last.Files, stamp] };
                    break;
                case "known" when last is not null:
                    string[] known = words[1].Split([' '], 3);
                    Dictionary<string, KnownFile> all = last.Fetched.Known?.ToDictionary(pair => pair.Key, pair => pair.Value) ?? [];
                    all.Add(known[2], new KnownFile(Number(known[0]), known[1]));
                    last = last with { Fetched = last.Fetched with { Files = [.. last.Fetched.Files, known[2]], Known = all } };
                    break;
                default:
                    return null;
            }
            inputs[inputs.Count - 1] = last;
        }
        return new FetchedFile(path, Value(lines[1], "lock"), Value(lines[2], "variables"), inputs);
    }

    private static string Value(string line, string name) =>
        line.StartsWith(name + " ", StringComparison.Ordinal) ? line.Substring(name.Length + 1) : throw new FormatException(line);

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private IEnumerable<string> ToLines()
    {
        yield return Header;
        yield return "lock " + LockHash;
        yield return "variables " + Variables;
        foreach (Input input in Inputs)
        {
            yield return $"address {input.Role} {input.Fetched.Address}";
            yield return "name " + input.Fetched.Name;
            yield return "commit " + input.Fetched.Commit;
            if (input.Fetched.ListHash is { } list)
                yield return "list " + list;
            yield return "folder " + input.Folder;
            foreach (KeyValuePair<string, KnownFile> file in input.Fetched.Known ?? new Dictionary<string, KnownFile>())
                yield return FormattableString.Invariant($"known {file.Value.ByteLength} {file.Value.Hash} {file.Key}");
            foreach (StampedFile file in input.Files)
                yield return FormattableString.Invariant($"file {file.Stamp.ByteLength} {file.Stamp.ModifiedTicks} {file.ChangedTicks} {file.RelativePath}");
        }
    }

    /// <summary>An address with the files that it became.</summary>
    /// <param name="Role">One of <see cref="InputRole"/>.</param>
    /// <param name="Folder">Absolute path in the cache.</param>
    /// <param name="Fetched">Its name, commit and the names of its files.</param>
    /// <param name="Files">The same files as they were when they were held to their hashes.</param>
    internal sealed record Input(string Role, string Folder, FetchedInput Fetched, IReadOnlyList<StampedFile> Files)
    {
        /// <exception cref="IOException">A file cannot be looked at.</exception>
        /// <exception cref="UnauthorizedAccessException">A file may not be looked at.</exception>
        public static Input Take(string role, string folder, FetchedInput fetched) =>
            new(role, folder, fetched, fetched.Known is not null ? [] : [.. fetched.Files.Select(file => StampedFile.Take(folder, file))]);

        /// <summary>Whether its files were not fetched, because the store may have what was merged of them.</summary>
        public bool IsLeftToStore => Fetched.Known is not null;

        /// <summary>Whether each file is there as it was; so too where none has to be.</summary>
        public bool IsThere()
        {
            try
            {
                return Files.All(file => Presence.OfFile(file.PathIn(Folder)) && StampedFile.Take(Folder, file.RelativePath) == file);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return false; // the worker says what is wrong
            }
        }
    }

    /// <summary>A file as it was.</summary>
    /// <param name="RelativePath">Below its folder, with '/'.</param>
    /// <param name="Stamp">Its length and time.</param>
    /// <param name="ChangedTicks">As <see cref="ChangeTime"/> tells it.</param>
    internal sealed record StampedFile(string RelativePath, FileStamp Stamp, long ChangedTicks)
    {
        public static StampedFile Take(string folder, string relativePath)
        {
            string path = FileNames.PathIn(folder, relativePath);
            return new StampedFile(relativePath, FileStamp.Of(path), ChangeTime.TicksOf(path));
        }

        public string PathIn(string folder) => FileNames.PathIn(folder, RelativePath);
    }
}
