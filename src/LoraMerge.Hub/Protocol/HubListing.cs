using System.Text.Json;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Protocol;

/// <summary>The files of a commit as the hub lists them, page by page. One name that no file should have, and all of it is refused.</summary>
internal sealed class HubListing(HubAddress address)
{
    private readonly Dictionary<string, HubFile> _files = new(
        FileNames.Comparison == StringComparison.Ordinal ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);

    public int Count => _files.Count;

    /// <exception cref="HubException">LORA7030.</exception>
    public void Add(JsonElement page)
    {
        if (page.ValueKind != JsonValueKind.Array)
            throw HubErrors.ListingUnsound(address, "its list of files is none");
        foreach (JsonElement entry in page.EnumerateArray())
            Add(entry, JsonTexts.Find(entry, "type"));
    }

    /// <exception cref="HubException">LORA7030.</exception>
    public void Add(HubFile file)
    {
        if (!HubNames.IsPath(file.Path))
            throw Hostile(file.Path);
        if (file.ByteLength < 0 || !HubNames.IsHash(file.Hash))
            throw HubErrors.ListingUnsound(address, $"the length or the hash of '{file.Path}' is none");
        if (!_files.TryAdd(file.Path, file) && _files[file.Path] != file)
            throw HubErrors.ListingRefused(address, $"'{file.Path}' and '{_files[file.Path].Path}' would be one file");
    }

    /// <summary>In ordinal order of their paths.</summary>
    /// <exception cref="HubException">LORA7030.</exception>
    public IReadOnlyList<HubFile> ToList()
    {
        foreach (string path in _files.Keys)
        {
            for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
            {
                if (_files.ContainsKey(path[..slash]))
                    throw HubErrors.ListingRefused(address, $"'{path[..slash]}' is a file and a folder");
            }
        }
        return [.. _files.Values.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    private void Add(JsonElement entry, string? type)
    {
        if (JsonTexts.Find(entry, "path") is not string path || !HubNames.IsPath(path))
            throw Hostile(JsonTexts.Find(entry, "path") ?? "");
        if (type != "file")
            return;
        bool isLarge = entry.TryGetProperty("lfs", out JsonElement large) && large.ValueKind == JsonValueKind.Object;
        Add(new HubFile(path, LengthOf(isLarge ? large : entry), JsonTexts.Find(isLarge ? large : entry, "oid") ?? ""));
    }

    private HubException Hostile(string path) =>
        HubErrors.ListingRefused(address, path.Length == 0 ? "it lists a file without a name" : $"it lists a file '{path}', which is no name of a file");

    private static long LengthOf(JsonElement entry) =>
        entry.TryGetProperty("size", out JsonElement size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out long length) ? length : -1;
}
