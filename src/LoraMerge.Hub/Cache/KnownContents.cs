using System.Globalization;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Cache;

/// <summary>Which files were held to their hashes already, by size and times: a large file is read once for it, not each time.</summary>
internal sealed class KnownContents
{
    /// <summary>Folder of what is ours alone; other programs pass it over.</summary>
    public const string OwnFolder = "lora-merge";

    private readonly string _folder;
    private readonly Dictionary<string, string> _lines = new(StringComparer.Ordinal);

    public KnownContents(string repositoryFolder)
    {
        _folder = RealPath.Of(repositoryFolder);
        File = Path.Combine(repositoryFolder, OwnFolder, "known");
        try
        {
            bool isThere = System.IO.File.Exists(File) && SpecialKind.Of(File) is null;
            foreach (string[] parts in isThere ? System.IO.File.ReadLines(File).Select(line => line.Split('\t', 2)) : [])
                _lines[parts[0]] = parts[^1];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _lines.Clear(); // all is read again
        }
    }

    public string File { get; }

    /// <summary>Whether something was remembered that the file does not have.</summary>
    public bool HasNews { get; private set; }

    public bool Knows(string path, HubFile file)
    {
        string real = RealPath.Of(path);
        lock (_lines)
            return _lines.TryGetValue(NameOf(real), out string? line) && line == LineOf(real, file);
    }

    public void Remember(string path, HubFile file)
    {
        string real = RealPath.Of(path);
        if (!FileStamp.Of(real).HasTime)
            return;
        lock (_lines)
            _lines[NameOf(real)] = LineOf(real, file);
        HasNews = true;
    }

    public string ToText()
    {
        lock (_lines)
            return string.Concat(_lines.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}\t{pair.Value}\n"));
    }

    private string NameOf(string real) => Path.GetRelativePath(_folder, real);

    private static string LineOf(string real, HubFile file)
    {
        FileStamp stamp = FileStamp.Of(real);
        return string.Create(CultureInfo.InvariantCulture, $"{stamp.ByteLength}\t{stamp.ModifiedTicks}\t{ChangeTime.TicksOf(real)}\t{file.Hash}");
    }
}
