using System.Globalization;
using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>What one build knew of its inputs: it saves reading them again. Losing it costs time, never correctness.</summary>
/// <param name="Path">Absolute path of the file.</param>
/// <param name="StampedTicks">When the inputs' stamps were taken (not later), UTC.</param>
/// <param name="Key">The merged model's key; null until it was merged.</param>
/// <param name="Entry">Name of the store's entry for that key.</param>
/// <param name="Inputs">The inputs whose contents are known.</param>
/// <remarks>
/// Text, UTF-8: <c>lora-merge state 2</c>, <c>stamped TICKS</c>, then <c>key KEY</c> and <c>entry NAME</c> once merged, and for each root
/// <c>root LABEL PATH</c>, relative to the file's folder, and <c>input LABEL LENGTH MODIFIED CHANGED HASH PATH</c> for its files.
/// </remarks>
internal sealed record StateFile(string Path, long StampedTicks, string? Key, string? Entry, IReadOnlyList<StateFile.Input> Inputs)
{
    private const string Header = "lora-merge state 2";

    /// <summary>The coarsest step of a file system's clock (FAT): within it a file can change and keep its stamp.</summary>
    private static readonly long s_clockStep = TimeSpan.FromSeconds(2).Ticks;

    /// <param name="path">Absolute path of the file.</param>
    /// <param name="stampedTicks">When the inputs' stamps were taken (not later), UTC.</param>
    /// <param name="key">Null where nothing has been merged yet.</param>
    /// <param name="entry">Null where nothing has been merged yet.</param>
    /// <param name="inputs">All that is known, in any number.</param>
    public static StateFile Create(string path, long stampedTicks, string? key, string? entry, IEnumerable<HashedInput> inputs)
    {
        string folder = System.IO.Path.GetDirectoryName(path)!;
        return new StateFile(path, stampedTicks, key, entry, [.. inputs.Select(Describe)]);

        Input Describe(HashedInput input)
        {
            InputFile file = input.File;
            return new Input(input.Root.Label, RelativePath.Between(folder, input.Root.Path), file.RelativePath, file.Stamp, file.ChangedTicks, input.Hash);
        }
    }

    /// <returns>Null where there is none or it is not whole.</returns>
    public static StateFile? TryLoad(string path)
    {
        try
        {
            return AtomicFile.TryReadLines(path) is { } lines ? Parse(path, lines) : null;
        }
        catch (Exception fault) when (fault is FormatException or OverflowException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <returns>The hash of a file that has the size and the times it had when it was hashed; null where it has to be read.</returns>
    public string? KnownHash(InputRoot root, InputFile file)
    {
        if (!file.Stamp.HasTime || IsYoung(file.Stamp.ModifiedTicks) || IsYoung(file.ChangedTicks))
            return null;
        string rootPath = RelativePath.Between(System.IO.Path.GetDirectoryName(Path)!, root.Path);
        return Inputs.FirstOrDefault(input => input.Label == root.Label && input.RootPath == rootPath
            && input.RelativePath == file.RelativePath && input.Stamp == file.Stamp && input.ChangedTicks == file.ChangedTicks)?.Hash;
    }

    /// <returns>The hash that a file had, whatever its stamp is now; null where it was not there.</returns>
    public string? LastHash(InputRoot root, InputFile file) =>
        Inputs.FirstOrDefault(input => input.Label == root.Label && input.RelativePath == file.RelativePath)?.Hash;

    public void Save() => AtomicFile.WriteLines(Path, ToLines());

    private bool IsYoung(long ticks) => Math.Abs(ticks - StampedTicks) <= s_clockStep;

    private static StateFile? Parse(string path, string[] lines)
    {
        if (lines.Length == 0 || lines[0] != Header)
            return null;
        long? stamped = null;
        string? key = null, entry = null;
        var roots = new Dictionary<string, string>();
        var inputs = new List<Input>();
        foreach (string line in lines.Skip(1))
        {
            string[] words = line.Split([' '], 2);
            switch (words[0])
            {
                case "stamped":
                    stamped = ParseNumber(words[1]);
                    break;
                case "key":
                    key = words[1];
                    break;
                case "entry":
                    entry = words[1];
                    break;
                case "root":
                    string[] root = words[1].Split([' '], 2);
                    roots[root[0]] = root[1];
                    break;
                case "input":
                    string[] input = words[1].Split([' '], 6);
                    var stamp = new FileStamp(ParseNumber(input[1]), ParseNumber(input[2]));
                    inputs.Add(new Input(input[0], roots[input[0]], input[5], stamp, ParseNumber(input[3]), input[4]));
                    break;
                default:
                    return null;
            }
        }
        return stamped is { } ticks ? new StateFile(path, ticks, key, entry, inputs) : null;
    }

    private static long ParseNumber(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private IEnumerable<string> ToLines()
    {
        yield return Header;
        yield return FormattableString.Invariant($"stamped {StampedTicks}");
        if (Key is not null)
            yield return "key " + Key;
        if (Entry is not null)
            yield return "entry " + Entry;
        foreach (IGrouping<string, Input> root in Inputs.GroupBy(input => input.Label))
        {
            yield return $"root {root.Key} {root.First().RootPath}";
            foreach (Input input in root)
            {
                string times = FormattableString.Invariant($"{input.Stamp.ModifiedTicks} {input.ChangedTicks}");
                yield return FormattableString.Invariant($"input {input.Label} {input.Stamp.ByteLength} {times} {input.Hash} {input.RelativePath}");
            }
        }
    }

    /// <param name="Label">The root's label.</param>
    /// <param name="RootPath">Relative to the state file's folder.</param>
    /// <param name="RelativePath">Below the root.</param>
    /// <param name="Stamp">As it was when the file was hashed.</param>
    /// <param name="ChangedTicks">Likewise; as <see cref="ChangeTime"/> tells it.</param>
    /// <param name="Hash">The contents' hash.</param>
    internal sealed record Input(string Label, string RootPath, string RelativePath, FileStamp Stamp, long ChangedTicks, string Hash);
}
