using System.Globalization;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Lists the files of a base or of an adapter that decide the merged model. Looks at names and stamps only.</summary>
/// <remarks>The engine reads what these lists hold and nothing else; the build takes the model's key from the same lists.</remarks>
internal sealed class InputFiles
{
    private readonly string _folder;
    private readonly LinkBounds _bounds;
    private readonly List<InputFile> _files = [];
    private readonly List<string> _leftOut = [];

    private InputFiles(string folder)
    {
        _folder = folder;
        _bounds = new LinkBounds(folder);
    }

    /// <param name="path">A folder or a weight file.</param>
    /// <exception cref="LinkLeadsOutException">A link in the folder leads out of it.</exception>
    /// <exception cref="IOException">The path is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path cannot be read.</exception>
    public static InputRoot OfBase(string path)
    {
        var list = new InputFiles(path);
        WeightFiles weights;
        bool isFile = Presence.OfFile(path);
        if (isFile)
        {
            weights = list.AddWeightFile(path);
        }
        else
        {
            weights = list.AddBaseFolder();
        }
        return list.Root("base") with { IsFile = isFile, Weights = weights, LeftOut = list._leftOut };
    }

    /// <param name="path">A folder or a weight file.</param>
    /// <param name="number">1 for the adapter that is applied first.</param>
    /// <exception cref="LinkLeadsOutException">A link in the folder leads out of it.</exception>
    /// <exception cref="IOException">The path is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path cannot be read.</exception>
    public static InputRoot OfAdapter(string path, int number)
    {
        bool isFile = Presence.OfFile(path);
        var list = new InputFiles(isFile ? Path.GetDirectoryName(path)! : path);
        List<string> names = NamesIn(list._folder);
        if (isFile)
            list.AddSingle(path);
        if (list.IsGgufAdapter(names, isFile ? Path.GetFileName(path) : null))
            return list.Root("adapter" + number.ToString(CultureInfo.InvariantCulture)) with { Path = path, IsFile = isFile };
        IEnumerable<string[]> wanted = DialectFiles.All.SelectMany(dialect => isFile ? (string[][])[[dialect.Config]] : [[dialect.Config], dialect.Weights]);
        foreach (string name in wanted.Select(choice => FirstOf(choice, names)).OfType<string>().Distinct(StringComparer.Ordinal))
            list.Add(name, isBeside: false);
        list.AddOthersOfAdapter(names, isFile ? Path.GetFileName(path) : null);
        if (!isFile)
            list.AddPartsOfAdapter(names);
        return list.Root("adapter" + number.ToString(CultureInfo.InvariantCulture)) with { Path = path, IsFile = isFile, LeftOut = list._leftOut };
    }

    /// <summary>Whether an adapter is a GGUF file, which says all of it; in a folder, the only one, where nothing of another form is.</summary>
    /// <param name="names">The files of the folder.</param>
    /// <param name="named">The file that the user named; null for a folder.</param>
    private bool IsGgufAdapter(List<string> names, string? named)
    {
        if (named is not null)
            return GgufNames.IsOne(named);
        bool isOfOther = DialectFiles.All.Any(dialect => FirstOf([dialect.Config, .. dialect.Weights], names) is not null);
        if (isOfOther || WeightFiles.Among(names) is not { Form: WeightForm.Gguf, Entry: string file })
            return false;
        Add(file, isBeside: false);
        return true;
    }

    /// <summary>
    /// What decides the merge beside configuration and weight file: the adapter's other files, what was trained beside it, the trained model's configuration.
    /// </summary>
    /// <param name="names">The files of the folder.</param>
    /// <param name="named">The weight file, where the user named one. Then others count only if it is called as PEFT calls it.</param>
    private void AddOthersOfAdapter(List<string> names, string? named)
    {
        if (named is not null && !named.StartsWith("adapter_model", FileNames.Comparison))
            return;
        foreach (string name in names.Where(name => name != named))
        {
            bool isOfAdapter = AdapterWeights.IsShard(name)
                || FileNames.Find([AdapterWeights.Index, AdapterWeights.PickleIndex, "config.json"], name) is not null;
            if (AdapterWeights.AreTrainedBeside(name) || (named is null && isOfAdapter))
                Add(name, isBeside: false);
            else if (AdapterWeights.AreOfModel(name))
                _leftOut.Add(name);
        }
        _leftOut.Sort(StringComparer.Ordinal);
    }

    private void AddPartsOfAdapter(List<string> names)
    {
        foreach (string name in names.Where(name => ModelParts.IsOfAdapter(name)))
            Add(name, isBeside: true);
        foreach (string subfolder in FoldersIn(_folder))
        {
            IReadOnlyList<ModelPart> parts = ModelParts.OfAdapterFolder(subfolder);
            if (parts.Count == 0)
                continue;
            foreach (string name in NamesIn(Path.Combine(_folder, subfolder)).Where(name => parts.Any(part => NamePattern.MatchesAny(part.Names, name))))
                Add($"{subfolder}/{name}", isBeside: true);
        }
    }

    private static string? FirstOf(IEnumerable<string> wanted, List<string> names) =>
        wanted.Select(name => FileNames.Find(names, name)).FirstOrDefault(name => name is not null);

    private static List<string> NamesIn(string folder) => [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file))];

    private static IEnumerable<string> FoldersIn(string folder) => Directory.GetDirectories(folder).Select(subfolder => Path.GetFileName(subfolder));

    /// <summary>A base that is one file; of a GGUF model in several files all of them.</summary>
    private WeightFiles AddWeightFile(string path)
    {
        string name = Path.GetFileName(path), folder = Path.GetDirectoryName(path)!;
        WeightFiles weights = GgufNames.IsOne(name) ? WeightFiles.Gguf(name, NamesIn(folder)) : WeightFiles.One(name);
        foreach (string part in weights.Names)
            AddSingle(Path.Combine(folder, part));
        return weights;
    }

    private WeightFiles AddBaseFolder()
    {
        List<string> names = NamesIn(_folder);
        WeightFiles weights = WeightFiles.Among(names);
        var ofWeights = new HashSet<string>(weights.Names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (ofWeights.Contains(name))
                AddWeights(name);
            else if (ModelParts.IsOfQuantiser(name))
                Add(name, isBeside: false);
            else
                AddPart(name, ModelParts.IsOfBase(name));
        }
        foreach (string name in FoldersIn(_folder))
            AddSubfolder(name);
        _leftOut.Sort(StringComparer.Ordinal);
        return weights;
    }

    /// <summary>An index may name any file, so all that it may name count; the others are left out, and a link of theirs to elsewhere harms nobody.</summary>
    private void AddWeights(string name)
    {
        if (WeightFiles.AreIn(name) || GgufNames.IsOne(name) || NamePattern.Matches("*.index.json", name))
        {
            Add(name, isBeside: false);
            return;
        }
        _leftOut.Add(name);
        try
        {
            Add(name, isBeside: false);
        }
        catch (LinkLeadsOutException)
        {
        }
    }

    private void AddSubfolder(string subfolder)
    {
        IReadOnlyList<ModelPart> parts = ModelParts.OfFolder(subfolder);
        if (parts.Count == 0)
        {
            LeaveOutFolder(subfolder);
            return;
        }
        string path = Path.Combine(_folder, subfolder);
        foreach (string name in NamesIn(path))
            AddPart($"{subfolder}/{name}", parts.Any(part => NamePattern.MatchesAny(part.Names, name)));
        foreach (string name in FoldersIn(path))
            LeaveOutFolder($"{subfolder}/{name}");
    }

    private void AddPart(string relativePath, bool isPart)
    {
        if (isPart)
            Add(relativePath, isBeside: true);
        else if (!ModelParts.IsKnownToBeNone(Path.GetFileName(relativePath)))
            _leftOut.Add(relativePath);
    }

    private void LeaveOutFolder(string relativePath)
    {
        if (!ModelParts.IsFolderKnownToBeNone(Path.GetFileName(relativePath)))
            _leftOut.Add(relativePath + "/");
    }

    private void Add(string relativePath, bool isBeside)
    {
        string path = Path.Combine(_folder, relativePath.Replace('/', Path.DirectorySeparatorChar));
        if (RealPath.IsLink(path) || (relativePath.Contains('/') && RealPath.IsLink(Path.GetDirectoryName(path)!)))
            _bounds.ThrowIfLeadsOut(path);
        _files.Add(Describe(relativePath, path) with { IsBeside = isBeside });
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
        return new InputRoot(label, _folder, _files);
    }
}
