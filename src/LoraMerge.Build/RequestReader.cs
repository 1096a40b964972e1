using System.Globalization;
using LoraMerge.Agreed.Fingerprints;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>Makes of a project's items the list of merged models that they ask for, and reports everything that is wrong with them at once.</summary>
internal sealed class RequestReader(ProjectSettings settings, FaultLog faults)
{
    private static readonly string[] s_combinations =
    [
        "sequential", "linear", "cat", "svd", "ties", "ties_svd", "dare_linear", "dare_ties", "dare_linear_svd", "dare_ties_svd", "magnitude_prune", "magnitude_prune_svd",
    ];

    // TargetPath is null for the default; Options lack what a result has of its own, name and adapters.
    private sealed record BaseModel(ITaskItem Item, string Path, string DefaultName, string? TargetPath, ModelOptions Options);

    private sealed record Adapter(ITaskItem Item, string Path, string? MergedModelName, AdapterOptions Options);

    /// <returns>What can be merged; only to be used where no error was logged.</returns>
    public IReadOnlyList<ModelRequest> Read(ITaskItem[] baseItems, ITaskItem[] adapterItems)
    {
        List<BaseModel> bases = [.. baseItems.Select(ReadBase)];
        List<Adapter> adapters = [.. adapterItems.Select(ReadAdapter)];
        if (bases.Count == 0)
        {
            if (adapters.Count > 0)
                faults.Error(adapters[0].Item, BuildErrors.NoBaseModel());
            return [];
        }
        foreach (IGrouping<string, BaseModel> same in bases.GroupBy(model => model.Path).Where(group => group.Count() > 1))
            faults.Error(same.Last().Item, BuildErrors.BaseModelTwice(same.Key));
        bases = [.. bases.GroupBy(model => model.Path).Select(same => same.First())];

        List<ModelRequest> requests = [];
        ILookup<BaseModel?, Adapter> adaptersOf = adapters.ToLookup(adapter => FindBase(adapter, bases));
        foreach (BaseModel model in bases)
        {
            // An adapter that belongs to no base may have been meant for this one.
            if (!adaptersOf.Contains(model) && !adaptersOf.Contains(null))
                faults.Error(model.Item, BuildErrors.NoAdapter(model.Item.ItemSpec));
            foreach (IGrouping<string, Adapter> group in adaptersOf[model].GroupBy(adapter => adapter.MergedModelName ?? model.DefaultName))
                requests.Add(ReadRequest(model, group.Key, [.. group]));
        }
        ReportCollisions(requests);
        return requests;
    }

    private BaseModel ReadBase(ITaskItem item)
    {
        RequestedMetadata.Check(item, MergeLoraAdapters.BaseModelItem, faults);
        string path = NamedInput.PathOf(item);
        if (NamedInput.FindFault(item, BuildErrors.BaseModelMissing) is { } fault)
            faults.Error(item, fault);
        RefuseUnless(item, MergeLoraAdapters.BaseModelItem, "Format", ["safetensors"], "writes safetensors");
        RefuseUnless(item, MergeLoraAdapters.BaseModelItem, "Sha256", [], "does not check pins; remove it");
        var options = new ModelOptions
        {
            BaseName = ModelOptions.NameOf(path),
            BaseVersion = Text(item, "Version"),
            DType = OneOf(item, "DType", "auto", ["auto", "float32", "float16", "bfloat16"]),
            MaxShardSize = ReadMaxShardSize(item),
            Combine = OneOf(item, "Combine", "sequential", s_combinations),
            Density = ReadDensity(item),
            MajoritySign = OneOf(item, "MajoritySign", "total", ["total", "frequency"]),
            SvdRank = ReadSvdRank(item),
            Device = settings.Device,
            OnUnmatched = settings.OnUnmatched,
        };
        return new BaseModel(item, path, Text(item, "MergedModelName") ?? ModelOptions.NameOf(path), ReadTargetPath(item), options);
    }

    private Adapter ReadAdapter(ITaskItem item)
    {
        RequestedMetadata.Check(item, MergeLoraAdapters.AdapterItem, faults);
        string path = NamedInput.PathOf(item);
        if (NamedInput.FindFault(item, BuildErrors.AdapterMissing) is { } fault)
            faults.Error(item, fault);
        RefuseUnless(item, MergeLoraAdapters.AdapterItem, "Sha256", [], "does not check pins; remove it");
        var options = new AdapterOptions(
            ModelOptions.NameOf(path), ReadWeight(item), Text(item, "Version"), Text(item, "BaseModelVersion"), OneOf(item, "ExpertLayout", "peft", ["peft", "unsloth"]), Release: Text(item, "AdapterVersion"));
        return new Adapter(item, path, Text(item, "MergedModelName"), options);
    }

    private BaseModel? FindBase(Adapter adapter, List<BaseModel> bases)
    {
        string? wanted = Text(adapter.Item, "BaseModel");
        List<BaseModel> candidates = wanted is null ? bases : [.. bases.Where(model => Answers(model, wanted))];
        if (candidates.Count == 1)
            return candidates[0];
        string[] known = [.. (candidates.Count == 0 ? bases : candidates).Select(model => model.Item.ItemSpec)];
        faults.Error(adapter.Item, candidates.Count == 0 ? BuildErrors.UnknownBaseModel(wanted!, known) : BuildErrors.AmbiguousBaseModel(adapter.Item.ItemSpec, known));
        return null;
    }

    // BaseModel may repeat the Include, or say the name of the result or of the folder.
    private static bool Answers(BaseModel model, string wanted)
    {
        static string Trim(string path) => path.Replace('\\', '/').TrimEnd('/');
        return Trim(model.Item.ItemSpec) == Trim(wanted) || Trim(model.Path) == Trim(wanted)
            || model.DefaultName == wanted || model.Options.BaseName == wanted;
    }

    private ModelRequest ReadRequest(BaseModel model, string name, List<Adapter> adapters)
    {
        foreach (IGrouping<string, Adapter> same in adapters.GroupBy(adapter => adapter.Path).Where(group => group.Count() > 1))
            faults.Error(same.Last().Item, BuildErrors.AdapterTwice(same.Key));
        if (!ModelName.IsValid(name))
            faults.Error(adapters[0].MergedModelName is null ? model.Item : adapters[0].Item, BuildErrors.InvalidName(name));
        ModelOptions options = model.Options with { Name = name, Adapters = [.. adapters.Select(adapter => adapter.Options)] };
        return new ModelRequest(model.Item, model.Path, [.. adapters.Select(adapter => adapter.Item)], [.. adapters.Select(adapter => adapter.Path)], model.TargetPath ?? "models/" + name, options);
    }

    private string? ReadMaxShardSize(ITaskItem item)
    {
        string? text = Text(item, "MaxShardSize");
        if (text is not null && !ProjectSettings.IsByteCount(text))
            faults.Error(item, BuildErrors.InvalidByteCount("MaxShardSize", text));
        return text;
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

    private double ReadWeight(ITaskItem item)
    {
        double weight = 1;
        if (Text(item, "Weight") is { } text && !(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && !double.IsInfinity(weight) && !double.IsNaN(weight)))
            faults.Error(item, BuildErrors.InvalidWeight(text));
        return weight;
    }

    private string? ReadTargetPath(ITaskItem item)
    {
        if (Text(item, "TargetPath") is not { } written)
            return null;
        string? targetPath = ModelName.NormalizeTargetPath(written);
        if (targetPath is null)
            faults.Error(item, BuildErrors.InvalidTargetPath(written));
        return targetPath ?? written;
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
        faults.Error(item, BuildErrors.UnknownValue(name, value, known));
        return byDefault;
    }

    private void RefuseUnless(ITaskItem item, string itemType, string name, string[] known, string instead)
    {
        if (Text(item, name) is { } value && !known.Contains(value, StringComparer.OrdinalIgnoreCase))
            faults.Error(item, BuildErrors.NotThereYet(itemType, name, value, instead));
    }

    private static string? Text(ITaskItem item, string name) => item.GetMetadata(name).Trim() is { Length: > 0 } text ? text : null;
}
