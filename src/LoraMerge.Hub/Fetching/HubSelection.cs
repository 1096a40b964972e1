using System.Text.Json;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Fetching;

/// <summary>Which files of a repository a merge takes: chosen by the code that chooses for the merge, of the names that the hub lists.</summary>
/// <remarks>An index may name any file, so of a folder on disk all count that it may name; here the index is read first, and what it names is taken.</remarks>
internal sealed class HubSelection
{
    /// <summary>As long as a merge reads.</summary>
    private const long LongestIndex = 32 << 20;

    private readonly string _address;
    private readonly Dictionary<string, HubFile> _files;
    private readonly ChosenFiles _chosen;

    private HubSelection(string address, Dictionary<string, HubFile> files, ChosenFiles chosen, HubRole role)
    {
        _address = address;
        _files = files;
        _chosen = chosen;
        Role = role;
    }

    /// <summary>Base or adapter.</summary>
    public HubRole Role { get; }

    /// <summary>The index that has to be read before the other files are known; null where there is none.</summary>
    public HubFile? Index => (Role == HubRole.Adapter ? Chosen(AdapterWeights.Index) ?? Chosen(AdapterWeights.PickleIndex)
        : _chosen.Weights.Form == WeightForm.Index ? _chosen.Weights.Entry : null) is string name ? _files[name] : null;

    /// <param name="address">For messages.</param>
    /// <param name="all">All files of the commit.</param>
    /// <param name="subfolder">The folder within the repository that is meant.</param>
    /// <param name="role">As what it is wanted.</param>
    /// <exception cref="HubException">LORA7003 to LORA7005.</exception>
    public static HubSelection Of(string address, IReadOnlyList<HubFile> all, string subfolder, HubRole role)
    {
        string start = subfolder.Length == 0 ? "" : subfolder + "/";
        Dictionary<string, HubFile> files = all.Where(file => file.Path.StartsWith(start, StringComparison.Ordinal))
            .ToDictionary(file => file.Path[start.Length..], StringComparer.Ordinal);
        if (files.Count == 0 && subfolder.Length > 0)
            throw HubErrors.FolderMissing(address, subfolder, FolderHint.ForMissing(address, subfolder, [.. all.Select(file => file.Path)]));
        bool hasAdapter = FileNames.Find(files.Keys, DialectFiles.Peft.Config) is not null;
        if (role == HubRole.Auto)
            role = hasAdapter ? HubRole.Adapter : HubRole.Base;
        var names = new ListedNames(files.Keys);
        ChosenFiles chosen = role == HubRole.Adapter ? ChosenFiles.OfAdapter(names) : ChosenFiles.OfBase(names);
        var selection = new HubSelection(address, files, chosen, role);
        if (role == HubRole.Adapter)
            selection.ThrowIfNoAdapter(hasAdapter);
        else
            selection.ThrowIfNoBase(hasAdapter);
        if (selection.Index is { ByteLength: > LongestIndex } index)
            throw HubErrors.IndexUnsound(address, index.Path, "it is too long for one");
        return selection;
    }

    /// <summary>The files, in ordinal order of their paths in the repository.</summary>
    /// <param name="index">Path of the index on disk; null where there is none.</param>
    /// <exception cref="HubException">LORA7004.</exception>
    public IReadOnlyList<HubFile> Files(string? index)
    {
        IEnumerable<string> names = _chosen.Files.Select(file => file.RelativePath);
        if (index is not null)
        {
            string[] shards = ShardsOf(index);
            if (shards.FirstOrDefault(shard => !_files.ContainsKey(shard)) is string missing)
                throw HubErrors.ShardMissing(_address, Index!.Path, missing);
            if (Role == HubRole.Base)
                names = _chosen.Files.Where(file => !file.IsOfWeights).Select(file => file.RelativePath).Append(_chosen.Weights.Entry!);
            names = names.Concat(shards);
        }
        return [.. names.Distinct(StringComparer.Ordinal).Select(name => _files[name]).OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    private string? Chosen(string name) => _chosen.Files.FirstOrDefault(file => file.RelativePath.Equals(name, FileNames.Comparison))?.RelativePath;

    private void ThrowIfNoAdapter(bool hasConfig)
    {
        if (_chosen.Files.Any(file => GgufNames.IsOne(file.RelativePath)))
            return; // it says all of the adapter
        if (!hasConfig)
            throw HubErrors.IsNoAdapter(_address, FolderHint.ForAdapter(_address, _files.Keys));
        if (!DialectFiles.All.SelectMany(dialect => dialect.Weights).Any(name => Chosen(name) is not null)
            && !_chosen.Files.Any(file => AdapterWeights.IsShard(file.RelativePath)))
            throw HubErrors.NoWeights(_address, "an adapter", FolderHint.ForAdapter(_address, _files.Keys));
    }

    private void ThrowIfNoBase(bool hasAdapter)
    {
        if (_chosen.Weights.Form == WeightForm.Ambiguous)
            throw HubErrors.WeightsAmbiguous(_address, _chosen.Weights.Names);
        if (_chosen.Weights.Form == WeightForm.None)
            throw hasAdapter ? HubErrors.IsAdapter(_address) : HubErrors.NoWeights(_address, "a model", FolderHint.ForModel(_address, _files.Keys));
    }

    private string[] ShardsOf(string index)
    {
        try
        {
            if (FileStamp.Of(index).ByteLength > LongestIndex)
                throw HubErrors.IndexUnsound(_address, Index!.Path, "it is too long for one");
            byte[] bytes = File.ReadAllBytes(index);
            if (TextMark.IsOfUtf16(bytes))
                throw HubErrors.IndexUnsound(_address, Index!.Path, "its text is UTF-16, and UTF-8 is expected");
            using JsonDocument json = JsonDocument.Parse(TextMark.Without((ReadOnlyMemory<byte>)bytes));
            string[] shards = [.. json.RootElement.GetProperty("weight_map").EnumerateObject().Select(pair => pair.Value.GetString() ?? "")
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return shards.Length > 0 ? shards : throw HubErrors.IndexUnsound(_address, Index!.Path, "it names no file");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw HubErrors.IndexUnsound(_address, Index!.Path, fault.Message.TrimEnd('.'));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CacheNotReadable(index, fault);
        }
    }
}
