using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>Makes of a project's items the list of merged models that they ask for, and reports everything that is wrong with them at once.</summary>
/// <param name="ofProject">The options that hold for all of them.</param>
/// <param name="faults">Gets what is wrong.</param>
/// <param name="fetched">What was fetched for the project; null where nothing was.</param>
internal sealed class RequestReader(OptionValues ofProject, FaultLog faults, FetchedFile? fetched = null)
{
    // TargetPath is null for the default; Options lack what a result has of its own, name and adapters.
    private sealed record BaseModel(ITaskItem Item, NamedInput Input, string DefaultName, string? TargetPath, ModelOptions Options)
    {
        public string Path => Input.Path;
    }

    private sealed record Adapter(ITaskItem Item, NamedInput Input, string? MergedModelName, AdapterOptions Options)
    {
        public string Path => Input.Path;
    }

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
        if (ofProject[OptionTable.Modelfile] == "true" && !bases.Any(model => model.Options.Values[OptionTable.Format] == "gguf"))
            faults.Error(null, BuildErrors.ModelfileOfNoModel());
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
        var named = NamedInput.Of(item, BuildErrors.BaseModelMissing, fetched, InputRole.Base);
        if (named.Fault is { } fault)
            faults.Error(item, fault);
        OptionValues values = ofProject.With(ReadOptions(item, OptionOwner.BaseModel));
        // The property is for all of a project's models; those of other formats have no such file.
        var options = new ModelOptions
        {
            BaseName = named.Name,
            BaseOrigin = named.Fetched?.Origin,
            Values = values[OptionTable.Format] == "gguf" ? values : values.With(OptionTable.Modelfile, null),
        };
        RefuseOptionsOfOtherFormats(item, options.Values);
        return new BaseModel(item, named, Text(item, "MergedModelName") ?? named.Name, ReadTargetPath(item), options);
    }

    private void RefuseOptionsOfOtherFormats(ITaskItem item, OptionValues values)
    {
        string format = values[OptionTable.Format]!, quantization = values[OptionTable.Quantization]!, dtype = values[OptionTable.DType]!;
        if (format != "gguf" && quantization != OptionTable.Quantization.Default)
            faults.Error(item, BuildErrors.OptionOfOtherFormat(OptionTable.Quantization.Name, quantization, format, "Format=\"gguf\" has it"));
        if (format != OptionTable.Format.Default && dtype != OptionTable.DType.Default)
            faults.Error(
                item,
                BuildErrors.OptionOfOtherFormat(
                    OptionTable.DType.Name,
                    dtype,
                    format,
                    format == "gguf" ? "Quantization asks for a GGUF file's types, such as F16 or BF16" : "its factors are float32"
                )
            );
        string? size = values.Given(OptionTable.MaxShardSize);
        if (format == "gguf-adapter" && size is not null)
            faults.Error(item, BuildErrors.OptionOfOtherFormat(OptionTable.MaxShardSize.Name, size, format, "it is one file"));
        if (values[OptionTable.Requantize] == "keep")
            RefuseOptionsBesideKeep(item, format, dtype, size);
    }

    private void RefuseOptionsBesideKeep(ITaskItem item, string format, string dtype, string? size)
    {
        if (format != OptionTable.Format.Default)
            faults.Error(item, BuildErrors.OptionOfOtherFormat(
                OptionTable.Requantize.Name, "keep", format,
                format == "gguf" ? "it has types of its own, which Quantization asks for" : "it has no weights of the base"));
        else if (dtype != OptionTable.DType.Default)
            faults.Error(item, BuildErrors.OptionBesideKeep(OptionTable.DType.Name, dtype, "dtypes"));
        else if (size is not null)
            faults.Error(item, BuildErrors.OptionBesideKeep(OptionTable.MaxShardSize.Name, size, "files"));
    }

    private Adapter ReadAdapter(ITaskItem item)
    {
        RequestedMetadata.Check(item, MergeLoraAdapters.AdapterItem, faults);
        var named = NamedInput.Of(item, BuildErrors.AdapterMissing, fetched, InputRole.Adapter);
        if (named.Fault is { } fault)
            faults.Error(item, fault);
        var options = new AdapterOptions(named.Name, ReadOptions(item, OptionOwner.Adapter)) { Origin = named.Fetched?.Origin };
        return new Adapter(item, named, Text(item, "MergedModelName"), options);
    }

    private BaseModel? FindBase(Adapter adapter, List<BaseModel> bases)
    {
        string? wanted = Text(adapter.Item, "BaseModel");
        List<BaseModel> candidates = wanted is null ? bases : [.. bases.Where(model => Answers(model, wanted))];
        if (candidates.Count == 1)
            return candidates[0];
        string[] known = [.. (candidates.Count == 0 ? bases : candidates).Select(model => model.Item.ItemSpec)];
        faults.Error(
            adapter.Item,
            candidates.Count == 0 ? BuildErrors.UnknownBaseModel(wanted!, known) : BuildErrors.AmbiguousBaseModel(adapter.Item.ItemSpec, known)
        );
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
        return new ModelRequest(
            model.Item,
            model.Path,
            [.. adapters.Select(adapter => adapter.Item)],
            [.. adapters.Select(adapter => adapter.Path)],
            model.TargetPath ?? "models/" + name,
            options
        )
        {
            FetchedBase = model.Input.Fetched,
            FetchedAdapters = [.. adapters.Select(adapter => adapter.Input.Fetched)],
            FetchedFile = fetched?.Path,
        };
    }

    /// <summary>Those that the worker is told of, or that decide the result.</summary>
    private OptionValues ReadOptions(ITaskItem item, OptionOwner owner)
    {
        OptionValues values = OptionValues.None;
        foreach (MergeOption option in OptionTable.Of(owner).Where(option => option.Key is not null || option.Switch is not null))
        {
            if (Text(item, option.Name) is not { } text)
                continue;
            string? value = option.Form.TryRead(text);
            if (value is null)
                faults.Error(item, BuildErrors.Invalid(option, text));
            values = values.With(option, value);
        }
        return values;
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
        foreach (
            IGrouping<string, ModelRequest> same in requests
                .GroupBy(request => request.Name, StringComparer.OrdinalIgnoreCase)
                .Where(group => group.Count() > 1)
        )
        {
            ModelRequest[] pair = [.. same.Take(2)];
            if (pair[0].BaseItem == pair[1].BaseItem)
                faults.Error(pair[1].AdapterItems[0], BuildErrors.NamesDifferInCase(pair[0].Name, pair[1].Name));
            else
                faults.Error(pair[1].BaseItem, BuildErrors.NameTwice(pair[1].Name, pair[0].BaseItem.ItemSpec, pair[1].BaseItem.ItemSpec));
        }
        foreach (
            IGrouping<string, ModelRequest> same in requests
                .GroupBy(request => request.TargetPath, StringComparer.OrdinalIgnoreCase)
                .Where(group => group.Count() > 1)
        )
        {
            ModelRequest[] pair = [.. same.Take(2)];
            if (!pair[0].Name.Equals(pair[1].Name, StringComparison.OrdinalIgnoreCase))
                faults.Error(pair[1].BaseItem, BuildErrors.TargetPathTwice(pair[1].TargetPath, pair[0].Name, pair[1].Name));
        }
    }

    private static string? Text(ITaskItem item, string name) => item.GetMetadata(name).Trim() is { Length: > 0 } text ? text : null;
}
