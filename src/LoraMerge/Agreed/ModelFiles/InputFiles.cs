using System.Globalization;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Lists the files of a base or of an adapter that decide the merged model. Looks at names and stamps only.</summary>
/// <remarks>The engine reads what these lists hold and nothing else; the build takes the model's key from the same lists.</remarks>
internal sealed class InputFiles
{
    private readonly string _folder;
    private readonly FetchedInput? _fetched;
    private readonly LinkBounds _bounds;
    private readonly List<InputFile> _files = [];

    private InputFiles(string folder, FetchedInput? fetched)
    {
        _folder = folder;
        _fetched = fetched;
        _bounds = new LinkBounds(folder);
    }

    /// <param name="path">A folder or a weight file.</param>
    /// <param name="fetched">What is known of it from the hub; null for what the user laid there.</param>
    /// <exception cref="LinkLeadsOutException">A link in the folder leads out of it.</exception>
    /// <exception cref="IOException">The path is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path cannot be read.</exception>
    public static InputRoot OfBase(string path, FetchedInput? fetched = null)
    {
        var list = new InputFiles(path, fetched);
        if (Presence.OfFile(path))
        {
            WeightFiles weights = list.AddWeightFile(path);
            return list.Root("base") with { IsFile = true, Weights = weights };
        }
        ChosenFiles chosen = ChosenFiles.OfBase(NamesOf(path, fetched));
        list.Add(chosen);
        return list.Root("base") with { Weights = chosen.Weights, LeftOut = chosen.LeftOut };
    }

    /// <param name="path">A folder or a weight file.</param>
    /// <param name="number">1 for the adapter that is applied first.</param>
    /// <param name="fetched">What is known of it from the hub; null for what the user laid there.</param>
    /// <exception cref="LinkLeadsOutException">A link in the folder leads out of it.</exception>
    /// <exception cref="IOException">The path is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path cannot be read.</exception>
    public static InputRoot OfAdapter(string path, int number, FetchedInput? fetched = null)
    {
        bool isFile = Presence.OfFile(path);
        var list = new InputFiles(isFile ? Path.GetDirectoryName(path)! : path, fetched);
        ChosenFiles chosen = ChosenFiles.OfAdapter(NamesOf(list._folder, fetched), isFile ? Path.GetFileName(path) : null);
        if (isFile)
            list.AddSingle(path);
        list.Add(chosen);
        return list.Root("adapter" + number.ToString(CultureInfo.InvariantCulture)) with { Path = path, IsFile = isFile, LeftOut = chosen.LeftOut };
    }

    private static IFolderNames NamesOf(string folder, FetchedInput? fetched) =>
        fetched is null ? new DiskNames(folder) : new ListedNames([.. fetched.Files]);

    /// <summary>A base that is one file; of a GGUF model in several files all of them.</summary>
    private WeightFiles AddWeightFile(string path)
    {
        string name = Path.GetFileName(path), folder = Path.GetDirectoryName(path)!;
        WeightFiles weights = GgufNames.IsOne(name) ? WeightFiles.Gguf(name, new DiskNames(folder).FilesIn("")) : WeightFiles.One(name);
        foreach (string part in weights.Names)
            AddSingle(Path.Combine(folder, part));
        return weights;
    }

    private void Add(ChosenFiles chosen)
    {
        foreach (ChosenFile file in chosen.Files)
        {
            try
            {
                Add(file);
            }
            catch (LinkLeadsOutException) when (file.IsDoubtful)
            {
                // Most likely nobody reads it, so where it leads harms nobody.
            }
        }
    }

    private void Add(ChosenFile file)
    {
        string relativePath = file.RelativePath;
        string path = FileNames.PathIn(_folder, relativePath);
        if (_fetched?.Known is { } known)
        {
            KnownFile of = known[relativePath];
            _files.Add(new InputFile(relativePath, path, FileStamp.WithoutTime(of.ByteLength)) { IsBeside = file.IsBeside, KnownHash = of.Hash });
            return;
        }
        if (RealPath.IsLink(path) || (relativePath.Contains('/') && RealPath.IsLink(Path.GetDirectoryName(path)!)))
            _bounds.ThrowIfLeadsOut(path);
        _files.Add(Describe(relativePath, path) with { IsBeside = file.IsBeside });
    }

    /// <summary>The file that the user named, which may be a link to anywhere.</summary>
    private void AddSingle(string path) => _files.Add(Describe(Path.GetFileName(path), path));

    private static InputFile Describe(string relativePath, string path)
    {
        if (relativePath.IndexOfAny(['\n', '\r']) >= 0)
            throw new IOException($"The name of the file '{path}' holds a line break. Rename it.");
        return new InputFile(relativePath, path, FileStamp.Of(path)) { ChangedTicks = ChangeTime.TicksOf(path) };
    }

    private InputRoot Root(string label)
    {
        _files.Sort((left, right) => string.CompareOrdinal(left.RelativePath, right.RelativePath));
        return new InputRoot(label, _folder, _files) { Fetched = _fetched };
    }
}
