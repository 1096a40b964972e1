using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;

namespace LoraMerge.Hub.Cache;

/// <summary>The list of a commit's files, as newer releases of huggingface_hub keep it too. A commit never changes, so it is asked for once.</summary>
internal static class KeptList
{
    private const int FormatVersion = 1;

    /// <returns>Null where the text is no sound list: then the hub is asked again.</returns>
    public static IReadOnlyList<HubFile>? Read(HubAddress address, string text)
    {
        try
        {
            JsonObject json = JsonNode.Parse(text)!.AsObject();
            if ((int)json["format_version"]! != FormatVersion)
                return null;
            var list = new HubListing(address);
            foreach ((string path, JsonNode? file) in json["files"]!.AsObject())
            {
                list.Add(file!["lfs_sha256"] is JsonNode sha256
                    ? new HubFile(path, (long)(file["lfs_size"] ?? file["size"])!, (string)sha256!)
                    : new HubFile(path, (long)file["size"]!, (string)file["blob_id"]!));
            }
            return list.ToList();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException
            or HubException)
        {
            return null;
        }
    }

    public static string Write(IReadOnlyList<HubFile> files)
    {
        var json = new JsonObject();
        foreach (HubFile file in files)
        {
            json[file.Path] = HubNames.IsSha256(file.Hash)
                ? new JsonObject { ["size"] = file.ByteLength, ["lfs_sha256"] = file.Hash, ["lfs_size"] = file.ByteLength }
                : new JsonObject { ["size"] = file.ByteLength, ["blob_id"] = file.Hash };
        }
        return new JsonObject { ["format_version"] = FormatVersion, ["files"] = json }.ToJsonString();
    }
}
