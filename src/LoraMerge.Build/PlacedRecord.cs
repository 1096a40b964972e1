using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Build;

/// <summary>Which files of which models earlier builds put where: by it, those that nobody asks for any more are taken away, and nothing else.</summary>
/// <remarks>
/// Text, UTF-8: <c>lora-merge placed 1</c>, then for each model <c>root PATH</c>, the output or publish folder relative to the record's own, <c>model
/// PATH</c>, relative to that, <c>key KEY</c> of the model that lies there, of two while one takes the other's place, and for each of its files
/// <c>file PATH</c>, relative to the model's folder.
/// </remarks>
internal sealed class PlacedRecord
{
    private const string Header = "lora-merge placed 1";

    // A list of objects: no precompiled library has the code of dictionaries of this kind, and compiling it would be most of what a build with nothing to do
    // costs.
    private readonly List<RecordedModel> _models = [];
    private string[] _saved;

    private PlacedRecord(string path, string[] saved)
    {
        FilePath = path;
        _saved = saved;
    }

    public string FilePath { get; }

    /// <summary>Reads it; one that another hand has written counts as none.</summary>
    /// <param name="path">Absolute path; there need not be a file.</param>
    /// <exception cref="IOException">It cannot be read: nobody would know any more what earlier builds placed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static PlacedRecord Load(string path)
    {
        string[] lines = Presence.OfFile(path) ? AtomicFile.ReadLines(path) : [];
        var record = new PlacedRecord(path, lines);
        if (lines.Length > 0 && lines[0] == Header)
            record.Read(lines);
        return record;
    }

    /// <returns>The models in a root.</returns>
    public List<RecordedModel> ModelsIn(string root) => _models.FindAll(model => InputGuard.Paths.Equals(model.Root, Trimmed(root)));

    /// <summary>Adds a model to what is known of its place.</summary>
    /// <param name="root">Absolute path of the output or publish folder.</param>
    /// <param name="model">The model.</param>
    public void Add(string root, PlacedModel model)
    {
        var files = new SortedSet<string>(model.Files.Select(file => file.Destination), StringComparer.Ordinal);
        var keys = new SortedSet<string>(model.Key is null ? [] : [model.Key], StringComparer.Ordinal);
        if (_models.Find(one => one.Root == Trimmed(root) && one.Folder == model.Folder) is { } there)
        {
            files.UnionWith(there.Files);
            keys.UnionWith(there.Keys);
            _models.Remove(there);
        }
        _models.Add(new RecordedModel(Trimmed(root), model.Folder, [.. keys], [.. files]));
        _models.Sort((one, other) => string.CompareOrdinal(one.Root + "\n" + one.Folder, other.Root + "\n" + other.Folder));
    }

    /// <summary>Forgets a model.</summary>
    public void Remove(string root, string folder) =>
        _models.RemoveAll(model => InputGuard.Paths.Equals(model.Root, Trimmed(root)) && InputGuard.Paths.Equals(model.Folder, folder));

    /// <summary>Writes it where that changes anything; deletes it where nothing is left to know.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Save()
    {
        string[] lines = _models.Count == 0 ? [] : [Header, .. _models.SelectMany(ToLines)];
        if (lines.SequenceEqual(_saved))
            return;
        if (lines.Length > 0)
            AtomicFile.WriteLines(FilePath, lines);
        else
            File.Delete(FilePath);
        _saved = lines;
    }

    private void Read(string[] lines)
    {
        string? root = null, folder = null;
        List<string> keys = [], files = [];
        foreach (string line in lines)
        {
            int space = line.IndexOf(' ');
            string path = line.Substring(space + 1);
            if (line.StartsWith("root ", StringComparison.Ordinal))
            {
                string full = Path.GetFullPath(FileNames.PathIn(Path.GetDirectoryName(FilePath)!, path));
                (root, folder) = (Presence.IsSurelyNone(full) ? null : full, null); // gone with all that was in it
            }
            else if (line.StartsWith("model ", StringComparison.Ordinal) && root is not null && RelativePath.IsBelow(path))
            {
                folder = FileNames.PathIn(root, path);
                (keys, files) = ([], []);
                _models.Add(new RecordedModel(root, folder, keys, files));
            }
            else if (line.StartsWith("key ", StringComparison.Ordinal) && folder is not null)
            {
                keys.Add(path);
            }
            else if (line.StartsWith("file ", StringComparison.Ordinal) && folder is not null && RelativePath.IsBelow(path))
            {
                files.Add(FileNames.PathIn(folder, path));
            }
        }
    }

    private IEnumerable<string> ToLines(RecordedModel model)
    {
        yield return "root " + RelativePath.Between(Path.GetDirectoryName(FilePath)!, model.Root);
        yield return "model " + RelativePath.Between(model.Root, model.Folder);
        foreach (string key in model.Keys)
            yield return "key " + key;
        foreach (string file in model.Files)
            yield return "file " + RelativePath.Between(model.Folder, file);
    }

    private static string Trimmed(string root) => root.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
}

/// <param name="Root">Absolute path of the output or publish folder.</param>
/// <param name="Folder">Absolute path of the model.</param>
/// <param name="Keys">That of the model, of two after a build that was killed between them; none where it is not known.</param>
/// <param name="Files">Absolute paths, in ordinal order.</param>
internal sealed record RecordedModel(string Root, string Folder, IReadOnlyList<string> Keys, IReadOnlyList<string> Files);
