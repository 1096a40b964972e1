using LoraMerge.Agreed.Entries;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace LoraMerge.Build;

/// <summary>
/// Finds models of referenced projects that would come to the place of one of this project's own. The SDK compares single files, and would mix two models
/// whose files have other names, or refuse to publish one model twice.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class FindReferencedModels : Task
{
    /// <summary>The files of this project's models, with TargetPath.</summary>
    public ITaskItem[] Files { get; set; } = [];

    /// <summary>Absolute paths of what referenced projects hand over, with TargetPath; those of <see cref="Files"/> may be among them.</summary>
    public ITaskItem[] Others { get; set; } = [];

    /// <summary>Whether only the same models are meant, and nothing is said of others: the SDK refuses to publish those.</summary>
    public bool OnlySame { get; set; }

    /// <summary>Absolute path of the project file, for messages.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>Those of <see cref="Others"/> in whose place this project's own model is.</summary>
    [Output]
    public ITaskItem[] Replaced { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        var faults = new FaultLog(Log, ProjectFile);
        HashSet<string> own = new(Files.Select(file => file.ItemSpec), InputGuard.Paths);
        List<ITaskItem> others = [.. Others.Where(item => !own.Contains(item.ItemSpec))], replaced = [];
        foreach (IGrouping<string, ITaskItem> model in Files.GroupBy(file => file.GetMetadata(PlaceMergedFiles.FolderMetadata)))
        {
            string key = model.First().GetMetadata(PlaceMergedFiles.KeyMetadata);
            List<ITaskItem> here = others.FindAll(item => PlaceOf(item).StartsWith(model.Key + "/", FileNames.Comparison));
            foreach (ITaskItem manifest in here.FindAll(item => InputGuard.Paths.Equals(PlaceOf(item), $"{model.Key}/{PlacedModel.ManifestName}")))
            {
                bool isSame = ManifestLines.KeyOf(manifest.ItemSpec) is { } other && other == key;
                string folder = Path.GetDirectoryName(manifest.ItemSpec)!;
                if (!isSame && !OnlySame)
                    faults.Warning(null, BuildErrors.ReferencedModelReplaced(model.Key, folder));
                if (isSame || !OnlySame)
                    replaced.AddRange(here.Where(item => item.ItemSpec.StartsWith(folder + Path.DirectorySeparatorChar, FileNames.Comparison)));
            }
        }
        Replaced = [.. replaced];
        return true;
    }

    private static string PlaceOf(ITaskItem item) => item.GetMetadata("TargetPath").Replace('\\', '/');
}
