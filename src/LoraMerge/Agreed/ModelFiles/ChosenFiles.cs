namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// Which files of a folder decide the merged model, by names alone: the one place that chooses, for a merge, for the key of a build, and for what is fetched
/// from a hub.
/// </summary>
internal sealed class ChosenFiles
{
    private readonly IFolderNames _folder;
    private readonly List<ChosenFile> _files = [];
    private readonly List<string> _leftOut = [];

    private ChosenFiles(IFolderNames folder) => _folder = folder;

    /// <summary>The files, in no order.</summary>
    public IReadOnlyList<ChosenFile> Files => _files;

    /// <summary>How a base's weights lie in its folder.</summary>
    public WeightFiles Weights { get; private set; } = new(WeightForm.None, null, []);

    /// <summary>As <see cref="InputRoot.LeftOut"/> has it.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    public static ChosenFiles OfBase(IFolderNames folder)
    {
        var chosen = new ChosenFiles(folder);
        chosen.AddBase();
        chosen._leftOut.Sort(StringComparer.Ordinal);
        return chosen;
    }

    /// <param name="folder">The adapter's, or the one of its weight file.</param>
    /// <param name="named">The weight file, where the user named one; it is not among the files that are chosen.</param>
    public static ChosenFiles OfAdapter(IFolderNames folder, string? named = null)
    {
        var chosen = new ChosenFiles(folder);
        List<string> names = [.. folder.FilesIn("")];
        if (chosen.IsGgufAdapter(names, named))
            return chosen;
        IEnumerable<string[]> wanted =
            DialectFiles.All.SelectMany(dialect => named is not null ? (string[][])[[dialect.Config]] : [[dialect.Config], dialect.Weights]);
        foreach (string name in wanted.Select(choice => FirstOf(choice, names)).OfType<string>().Distinct(StringComparer.Ordinal))
            chosen.Add(name, isBeside: false);
        chosen.AddOthersOfAdapter(names, named);
        if (named is null)
            chosen.AddPartsOfAdapter(names);
        chosen._leftOut.Sort(StringComparer.Ordinal);
        return chosen;
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
    }

    private void AddPartsOfAdapter(List<string> names)
    {
        foreach (string name in names.Where(ModelParts.IsOfAdapter))
            Add(name, isBeside: true);
        foreach (string subfolder in _folder.FoldersIn(""))
        {
            IReadOnlyList<ModelPart> parts = ModelParts.OfAdapterFolder(subfolder);
            if (parts.Count == 0)
                continue;
            foreach (string name in _folder.FilesIn(subfolder).Where(name => parts.Any(part => NamePattern.MatchesAny(part.Names, name))))
                Add($"{subfolder}/{name}", isBeside: true);
        }
    }

    private static string? FirstOf(IEnumerable<string> wanted, List<string> names) =>
        wanted.Select(name => FileNames.Find(names, name)).FirstOrDefault(name => name is not null);

    private void AddBase()
    {
        IReadOnlyList<string> names = _folder.FilesIn("");
        Weights = WeightFiles.Among(names);
        var ofWeights = new HashSet<string>(Weights.Names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (ModelParts.IsOfQuantiser(name))
                Add(name, isBeside: false);
            else if (ofWeights.Contains(name))
                AddWeights(name);
            else
                AddPart(name, ModelParts.IsOfBase(name));
        }
        foreach (string name in _folder.FoldersIn(""))
            AddSubfolder(name);
    }

    /// <summary>An index may name any file, so all that it may name count; the others are left out as well.</summary>
    private void AddWeights(string name)
    {
        bool areWeights = WeightFiles.AreIn(name) || GgufNames.IsOne(name) || NamePattern.Matches("*.index.json", name);
        if (!areWeights)
            _leftOut.Add(name);
        _files.Add(new ChosenFile(name, IsBeside: false) { IsOfWeights = true, IsDoubtful = !areWeights });
    }

    private void AddSubfolder(string subfolder)
    {
        IReadOnlyList<ModelPart> parts = ModelParts.OfFolder(subfolder);
        if (parts.Count == 0)
        {
            LeaveOutFolder(subfolder);
            return;
        }
        foreach (string name in _folder.FilesIn(subfolder))
            AddPart($"{subfolder}/{name}", parts.Any(part => NamePattern.MatchesAny(part.Names, name)));
        foreach (string name in _folder.FoldersIn(subfolder))
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

    private void Add(string relativePath, bool isBeside) => _files.Add(new ChosenFile(relativePath, isBeside));
}

/// <summary>A file that decides the merged model.</summary>
/// <param name="RelativePath">In the folder, with '/'.</param>
/// <param name="IsBeside">Whether it goes beside the weights of the merged model, rather than being made into it.</param>
internal sealed record ChosenFile(string RelativePath, bool IsBeside)
{
    /// <summary>Whether it is one of <see cref="WeightFiles.Names"/>: weights, an index, or what an index may name.</summary>
    public bool IsOfWeights { get; init; }

    /// <summary>Whether it counts only because an index may name it.</summary>
    public bool IsDoubtful { get; init; }
}
