namespace LoraMerge.Build;

/// <summary>Tells the models that builds of this project put into a place, in any configuration and framework, from those of others.</summary>
/// <param name="earlier">What this configuration and framework put into the root before.</param>
/// <param name="root">Absolute path of the output or publish folder.</param>
/// <param name="recordFile">Absolute path of the record that says so.</param>
/// <param name="projectFile">Absolute path of the project file, with whose name that of the record begins.</param>
/// <param name="recordsFolder">Absolute path of the folder in which the records of the others lie; null where it is not known.</param>
internal sealed class OwnModels(IReadOnlyList<RecordedModel> earlier, string root, string recordFile, string projectFile, string? recordsFolder)
{
    /// <summary>What the targets file puts behind the project file's name.</summary>
    private const string Suffix = ".lora.placed";

    private List<RecordedModel>? _all;

    /// <param name="folder">Absolute path of the place.</param>
    /// <param name="key">The key of the model that lies there.</param>
    /// <returns>Null where no build remembers the place.</returns>
    public bool? IsOthers(string folder, string key)
    {
        _all ??= [.. earlier, .. OtherRecords().SelectMany(ModelsIn)];
        List<RecordedModel> here = _all.FindAll(model => InputGuard.Paths.Equals(model.Folder, folder));
        return here.Count == 0 ? null : here.TrueForAll(model => model.Keys.Count > 0 && !model.Keys.Contains(key));
    }

    // Only where something was found that this record does not explain: looking costs a walk through obj.
    private IEnumerable<string> OtherRecords()
    {
        try
        {
            string[] all = recordsFolder is { Length: > 0 } ? Directory.GetFiles(recordsFolder, "*" + Suffix, SearchOption.AllDirectories) : [];
            return all.Where(file => !InputGuard.Paths.Equals(file, recordFile) && IsOfThisProject(Path.GetFileName(file)));
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return [];
        }
    }

    /// <summary>Also one of a name that no project has here any more: this one had it before it was renamed, or copied from another.</summary>
    private bool IsOfThisProject(string record) =>
        InputGuard.Paths.Equals(record, Path.GetFileName(recordFile))
        || !File.Exists(Path.Combine(Path.GetDirectoryName(projectFile)!, record.Substring(0, record.Length - Suffix.Length)));

    private IEnumerable<RecordedModel> ModelsIn(string file)
    {
        try
        {
            return PlacedRecord.Load(file).ModelsIn(root);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return [];
        }
    }
}
