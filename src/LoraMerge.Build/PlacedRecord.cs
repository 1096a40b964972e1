using LoraMerge.Incremental;

namespace LoraMerge.Build;

/// <summary>Which files of which models earlier builds put where: by it, those that nobody asks for any more are taken away, and nothing else.</summary>
/// <remarks>
/// Text, UTF-8: <c>lora-merge placed 1</c>, then for each folder that models were put into <c>root PATH</c>, relative to the record's folder, and for each of its models
/// <c>model FOLDER</c>, relative to the root, and <c>file PATH</c>, relative to the model's folder.
/// </remarks>
internal sealed class PlacedRecord
{
    private const string Header = "lora-merge placed 1";

    private string[] _saved;

    /// <summary>Files by model by root, as they are written.</summary>
    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<string>>> _roots = new(StringComparer.Ordinal);

    private PlacedRecord(string path, string[] saved)
    {
        Path = path;
        _saved = saved;
    }

    public string Path { get; }

    /// <summary>Losing it costs tidiness: what it knew is left to MSBuild's own list of files.</summary>
    /// <param name="path">Absolute path; there need not be a file.</param>
    public static PlacedRecord Load(string path)
    {
        string[] lines = AtomicFile.TryReadLines(path) ?? [];
        var record = new PlacedRecord(path, lines);
        if (lines.Length > 0 && lines[0] == Header)
            record.Read(lines.Skip(1));
        return record;
    }

    /// <returns>Folders of models in a root, and the files of each; absolute paths.</returns>
    public IReadOnlyList<(string Folder, IReadOnlyList<string> Files)> ModelsIn(string root) =>
        _roots.TryGetValue(Relative(root), out SortedDictionary<string, SortedSet<string>>? models)
            ? [.. models.Select(model => (At(root, model.Key), (IReadOnlyList<string>)[.. model.Value.Select(file => At(At(root, model.Key), file))]))]
            : [];

    /// <summary>Adds files to those of a model.</summary>
    public void Add(string root, string folder, IEnumerable<string> files) =>
        FilesOf(Relative(root), RelativePath.Between(root, folder)).UnionWith(files.Select(file => RelativePath.Between(folder, file)));

    /// <summary>Forgets a model.</summary>
    public void Remove(string root, string folder)
    {
        if (!_roots.TryGetValue(Relative(root), out SortedDictionary<string, SortedSet<string>>? models))
            return;
        models.Remove(RelativePath.Between(root, folder));
        if (models.Count == 0)
            _roots.Remove(Relative(root));
    }

    /// <summary>Writes it where that changes anything; deletes it where nothing is left to know.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Save()
    {
        string[] lines = [.. ToLines()];
        if (lines.SequenceEqual(_saved))
            return;
        if (lines.Length > 0)
            AtomicFile.WriteLines(Path, lines);
        else
            File.Delete(Path);
        _saved = lines;
    }

    private void Read(IEnumerable<string> lines)
    {
        string? root = null, model = null;
        foreach (string line in lines)
        {
            string[] words = line.Split([' '], 2);
            string path = words.Length == 2 ? words[1] : "";
            if (words[0] == "root")
                (root, model) = (Directory.Exists(At(System.IO.Path.GetDirectoryName(Path)!, path)) ? path : null, null);
            else if (words[0] == "model")
                model = RelativePath.IsBelow(path) ? path : null;
            else if (words[0] == "file" && RelativePath.IsBelow(path) && root is not null && model is not null)
                FilesOf(root, model).Add(path);
        }
    }

    private SortedSet<string> FilesOf(string root, string model)
    {
        if (!_roots.TryGetValue(root, out SortedDictionary<string, SortedSet<string>>? models))
            _roots[root] = models = new(StringComparer.Ordinal);
        if (!models.TryGetValue(model, out SortedSet<string>? files))
            models[model] = files = new(StringComparer.Ordinal);
        return files;
    }

    private IEnumerable<string> ToLines()
    {
        if (_roots.Count > 0)
            yield return Header;
        foreach (KeyValuePair<string, SortedDictionary<string, SortedSet<string>>> root in _roots)
        {
            yield return "root " + root.Key;
            foreach (KeyValuePair<string, SortedSet<string>> model in root.Value)
            {
                yield return "model " + model.Key;
                foreach (string file in model.Value)
                    yield return "file " + file;
            }
        }
    }

    private string Relative(string root) => RelativePath.Between(System.IO.Path.GetDirectoryName(Path)!, root);

    private static string At(string folder, string relativePath) => System.IO.Path.Combine(folder, relativePath.Replace('/', System.IO.Path.DirectorySeparatorChar));
}
