using System.Globalization;
using LoraMerge.Incremental;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>Makes of a project's items the list of merged models that they ask for, and reports everything that is wrong with them at once.</summary>
internal sealed class RequestReader(ProjectSettings settings, FaultLog faults)
{
    private static readonly string[] s_weightFiles = [".safetensors", ".bin", ".pt", ".pth"];

    private static readonly string[] s_combinations =
    [
        "sequential", "linear", "cat", "svd", "ties", "ties_svd", "dare_linear", "dare_ties", "dare_linear_svd", "dare_ties_svd", "magnitude_prune", "magnitude_prune_svd",
    ];

    private sealed record BaseModel(ITaskItem Item, string Path, string DefaultName);

    /// <returns>What can be merged; only to be used where no error was logged.</returns>
    public IReadOnlyList<ModelRequest> Read(ITaskItem[] baseItems, ITaskItem[] adapterItems)
    {
        if (baseItems.Length == 0)
        {
            if (adapterItems.Length > 0)
                faults.Error(adapterItems[0], BuildErrors.NoBaseModel());
            return [];
        }
        List<BaseModel> bases = [.. baseItems.Select(ReadBase)];
        if (bases.GroupBy(model => model.Path).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            faults.Error(twice.Last().Item, BuildErrors.ListedTwice(MergeLoraAdapters.BaseModelItem, twice.Key));
            return [];
        }
        List<ModelRequest> requests = [];
        ILookup<BaseModel?, ITaskItem> adapters = adapterItems.Where(IsPresent).ToLookup(adapter => FindBase(adapter, bases));
        foreach (BaseModel model in bases)
        {
            if (!adapters.Contains(model) && !faults.HasErrors)
                faults.Error(model.Item, BuildErrors.NoAdapter(model.Item.ItemSpec));
            foreach (IGrouping<string, ITaskItem> group in adapters[model].GroupBy(adapter => Text(adapter, "MergedModelName") ?? model.DefaultName))
                requests.Add(ReadRequest(model, group.Key, [.. group]));
        }
        ReportCollisions(requests);
        return requests;
    }

    private BaseModel ReadBase(ITaskItem item)
    {
        RequestedMetadata.Check(item, MergeLoraAdapters.BaseModelItem, faults);
        string path = PathOf(item);
        if (IsDownload(item))
            faults.Error(item, BuildErrors.NoDownload(item.ItemSpec));
        else if (!Exists(path))
            faults.Error(item, BuildErrors.BaseModelMissing(path));
        else if (!IsModel(path))
            faults.Error(item, BuildErrors.NotAModel(path));
        RefuseUnless(item, MergeLoraAdapters.BaseModelItem, "Format", ["safetensors"], "writes safetensors");
        RefuseUnless(item, MergeLoraAdapters.BaseModelItem, "Sha256", [], "does not check pins; remove it");
        return new BaseModel(item, path, Text(item, "MergedModelName") ?? ModelOptions.NameOf(path));
    }

    private bool IsPresent(ITaskItem item)
    {
        RequestedMetadata.Check(item, MergeLoraAdapters.AdapterItem, faults);
        RefuseUnless(item, MergeLoraAdapters.AdapterItem, "Sha256", [], "does not check pins; remove it");
        string path = PathOf(item);
        if (IsDownload(item))
            faults.Error(item, BuildErrors.NoDownload(item.ItemSpec));
        else if (!Exists(path))
            faults.Error(item, BuildErrors.AdapterMissing(path));
        else if (!IsModel(path))
            faults.Error(item, BuildErrors.NotAModel(path));
        else
            return true;
        return false;
    }

    private BaseModel? FindBase(ITaskItem adapter, List<BaseModel> bases)
    {
        string? wanted = Text(adapter, "BaseModel");
        List<BaseModel> candidates = wanted is null ? bases : [.. bases.Where(model => Answers(model, wanted))];
        if (candidates.Count == 1)
            return candidates[0];
        string known = string.Join(", ", (candidates.Count == 0 ? bases : candidates).Select(model => $"'{model.Item.ItemSpec}'"));
        faults.Error(adapter, candidates.Count == 0 ? BuildErrors.UnknownBaseModel(wanted!, known) : BuildErrors.AmbiguousBaseModel(adapter.ItemSpec, known));
        return null;
    }

    // BaseModel may repeat the Include, or say the name of the result or of the folder.
    private static bool Answers(BaseModel model, string wanted)
    {
        static string Trim(string path) => path.Replace('\\', '/').TrimEnd('/');
        return Trim(model.Item.ItemSpec) == Trim(wanted) || Trim(model.Path) == Trim(wanted)
            || model.DefaultName == wanted || ModelOptions.NameOf(model.Path) == wanted;
    }

    private ModelRequest ReadRequest(BaseModel model, string name, List<ITaskItem> adapters)
    {
        if (adapters.GroupBy(PathOf).FirstOrDefault(same => same.Count() > 1) is { } twice)
            faults.Error(twice.Last(), BuildErrors.ListedTwice(MergeLoraAdapters.AdapterItem, twice.Key));
        if (!ModelName.IsValid(name))
            faults.Error(Text(adapters[0], "MergedModelName") is null ? model.Item : adapters[0], BuildErrors.InvalidName(name));
        string? maxShardSize = Text(model.Item, "MaxShardSize");
        if (maxShardSize is not null && !ProjectSettings.IsByteCount(maxShardSize))
            faults.Error(model.Item, BuildErrors.InvalidByteCount("MaxShardSize", maxShardSize));
        var options = new ModelOptions
        {
            Name = name,
            BaseName = ModelOptions.NameOf(model.Path),
            BaseVersion = Text(model.Item, "Version"),
            DType = OneOf(model.Item, "DType", "auto", ["auto", "float32", "float16", "bfloat16"]),
            MaxShardSize = maxShardSize,
            Combine = OneOf(model.Item, "Combine", "sequential", s_combinations),
            Density = ReadDensity(model.Item),
            MajoritySign = OneOf(model.Item, "MajoritySign", "total", ["total", "frequency"]),
            SvdRank = ReadSvdRank(model.Item),
            Device = settings.Device,
            OnUnmatched = settings.OnUnmatched,
            Adapters = [.. adapters.Select(ReadAdapter)],
        };
        return new ModelRequest(model.Item, model.Path, adapters, [.. adapters.Select(PathOf)], ReadTargetPath(model, name), options);
    }

    private string? ReadDensity(ITaskItem item)
    {
        string? text = Text(item, "Density");
        if (text is not null && !(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double density) && density is >= 0 and <= 1))
            faults.Error(item, BuildErrors.InvalidDensity(text));
        return text;
    }

    private string? ReadSvdRank(ITaskItem item)
    {
        string? text = Text(item, "SvdRank");
        if (text is not null && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int rank) && rank > 0 && text[0] != '0'))
            faults.Error(item, BuildErrors.InvalidCount("SvdRank", text));
        return text;
    }

    private AdapterOptions ReadAdapter(ITaskItem item)
    {
        double weight = 1;
        if (Text(item, "Weight") is { } text && !(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && !double.IsInfinity(weight) && !double.IsNaN(weight)))
            faults.Error(item, BuildErrors.InvalidWeight(text));
        return new AdapterOptions(ModelOptions.NameOf(PathOf(item)), weight, Text(item, "Version"), Text(item, "BaseModelVersion"), OneOf(item, "ExpertLayout", "peft", ["peft", "unsloth"]), Release: Text(item, "AdapterVersion"));
    }

    private string ReadTargetPath(BaseModel model, string name)
    {
        if (Text(model.Item, "TargetPath") is not { } written)
            return "models/" + name;
        if (ModelName.NormalizeTargetPath(written) is { } targetPath)
            return targetPath;
        faults.Error(model.Item, BuildErrors.InvalidTargetPath(written));
        return written;
    }

    // Letter case does not tell folders apart on every system.
    private void ReportCollisions(List<ModelRequest> requests)
    {
        foreach (IGrouping<string, ModelRequest> same in requests.GroupBy(request => request.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            ModelRequest[] pair = [.. same.Take(2)];
            faults.Error(pair[1].BaseItem, BuildErrors.NameTwice(pair[1].Name, pair[0].BaseItem.ItemSpec, pair[1].BaseItem.ItemSpec));
        }
        foreach (IGrouping<string, ModelRequest> same in requests.GroupBy(request => request.TargetPath, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            ModelRequest[] pair = [.. same.Take(2)];
            if (!pair[0].Name.Equals(pair[1].Name, StringComparison.OrdinalIgnoreCase))
                faults.Error(pair[1].BaseItem, BuildErrors.TargetPathTwice(pair[1].TargetPath, pair[0].Name, pair[1].Name));
        }
    }

    private string OneOf(ITaskItem item, string name, string byDefault, string[] known)
    {
        if (Text(item, name) is not { } value)
            return byDefault;
        if (known.FirstOrDefault(word => word.Equals(value, StringComparison.OrdinalIgnoreCase)) is { } found)
            return found;
        faults.Error(item, BuildErrors.UnknownValue(name, value, string.Join(", ", known)));
        return byDefault;
    }

    private void RefuseUnless(ITaskItem item, string itemType, string name, string[] known, string instead)
    {
        if (Text(item, name) is { } value && !known.Contains(value, StringComparer.OrdinalIgnoreCase))
            faults.Error(item, BuildErrors.NotThereYet(itemType, name, value, instead));
    }

    private static bool IsDownload(ITaskItem item) => item.ItemSpec.StartsWith("hf://", StringComparison.OrdinalIgnoreCase);

    private static bool Exists(string path) => Directory.Exists(path) || File.Exists(path);

    private static bool IsModel(string path) => Directory.Exists(path) || s_weightFiles.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static string PathOf(ITaskItem item) => item.GetMetadata("FullPath").TrimEnd('/', '\\');

    private static string? Text(ITaskItem item, string name) => item.GetMetadata(name).Trim() is { Length: > 0 } text ? text : null;
}
