using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;

namespace LoraMerge.Hub.Locking;

/// <summary>The text of a lock file: JSON, sorted, a line for each file, so that a change of one is a change of a line.</summary>
/// <remarks>
/// <code>
/// { "version": 1, "models": { ADDRESS: { "role": "base", "commit": …, "subfolder": …, "files": { PATH: { "size": 1, "sha256": … } } } } }
/// </code>
/// In place of <c>sha256</c> stands <c>git-sha1</c> where the hub has git's own hash of a small file. It is read strictly: people and merges change it by hand.
/// </remarks>
internal static class LockFileText
{
    private const int Version = 1;
    private const string Sha256 = "sha256";
    private const string GitSha1 = "git-sha1";

    private static readonly string[] s_conflictMarks = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];

    public static IEnumerable<string> Write(IReadOnlyDictionary<string, LockedModel> models)
    {
        yield return "{";
        yield return string.Create(CultureInfo.InvariantCulture, $"  \"version\": {Version},");
        yield return "  \"models\": {";
        int left = models.Count;
        foreach ((string address, LockedModel model) in models)
        {
            yield return $"    {Text(address)}: {{";
            yield return $"      \"role\": {Text(model.Role.Word())},";
            yield return $"      \"commit\": {Text(model.Pins.Commit)},";
            if (model.Pins.Subfolder.Length > 0)
                yield return $"      \"subfolder\": {Text(model.Pins.Subfolder)},";
            yield return "      \"files\": {";
            HubFile[] files = [.. model.Pins.Files.OrderBy(file => file.Path, StringComparer.Ordinal)];
            for (int i = 0; i < files.Length; i++)
            {
                string hash = $"\"{(HubNames.IsSha256(files[i].Hash) ? Sha256 : GitSha1)}\": {Text(files[i].Hash)}";
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"        {Text(files[i].Path)}: {{ \"size\": {files[i].ByteLength}, {hash} }}{Comma(i + 1 < files.Length)}");
            }
            yield return "      }";
            yield return $"    }}{Comma(--left > 0)}";
        }
        yield return "  }";
        yield return "}";
    }

    /// <exception cref="HubException">LORA7050.</exception>
    public static IReadOnlyDictionary<string, LockedModel> Read(string path, byte[] bytes)
    {
        if (TextMark.IsOfUtf16(bytes))
            throw LockErrors.IsUtf16(path);
        ReadOnlyMemory<byte> text = TextMark.Without((ReadOnlyMemory<byte>)bytes);
        string[] lines = Encoding.UTF8.GetString(text.Span).Split('\n');
        int conflict = Array.FindIndex(lines, line => s_conflictMarks.Any(mark => line.StartsWith(mark, StringComparison.Ordinal)));
        if (conflict >= 0)
            throw LockErrors.HoldsConflict(path, conflict + 1);
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return ReadModels(path, json.RootElement);
        }
        catch (JsonException fault)
        {
            throw LockErrors.Unsound(path, (fault.LineNumber ?? -1) + 1, fault.Message.Split(" Path:")[0].Split(" LineNumber:")[0].TrimEnd('.'));
        }
        catch (HubException fault) when (fault.Code != HubCode.LockFileUnsound)
        {
            throw LockErrors.Unsound(path, 0, fault.Message.TrimEnd('.'));
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException) // the latter of half a surrogate pair
        {
            throw LockErrors.Unsound(path, 0, fault.Message.TrimEnd('.'));
        }
    }

    private static Dictionary<string, LockedModel> ReadModels(string path, JsonElement root)
    {
        ThrowIfLater(path, root);
        Dictionary<string, JsonElement> members = Members(root, "it", "version", "models");
        if (members["version"].ValueKind != JsonValueKind.Number || !members["version"].TryGetInt32(out int version) || version != Version)
            throw new FormatException($"its version is {members["version"].GetRawText()}, and {Version} is expected");
        return Object(members["models"], "'models'").ToDictionary(
            model => model.Name, model => ReadModel(HubAddress.Parse(model.Name), model.Value), StringComparer.Ordinal);
    }

    /// <summary>Before anything else is looked at: a later version may have other members.</summary>
    private static void ThrowIfLater(string path, JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("version", out JsonElement written)
            && written.ValueKind == JsonValueKind.Number && written.TryGetDouble(out double version) && version > Version)
            throw LockErrors.IsLater(path, written.GetRawText(), Version);
    }

    private static LockedModel ReadModel(HubAddress address, JsonElement model)
    {
        string what = $"'{address}'";
        Dictionary<string, JsonElement> members = Members(model, what, "role", "commit", "subfolder?", "files");
        HubRole role = TextOf(members["role"], $"the role of {what}") switch
        {
            InputRole.Base => HubRole.Base,
            InputRole.Adapter => HubRole.Adapter,
            string other => throw new FormatException($"the role of {what} is '{other}', and is 'base' or 'adapter' otherwise"),
        };
        string commit = TextOf(members["commit"], $"the commit of {what}");
        if (!HubNames.IsCommit(commit))
            throw new FormatException($"the commit of {what} is '{commit}', which is none: 40 hexadecimal digits in small letters are expected");
        string subfolder = members.TryGetValue("subfolder", out JsonElement folder) ? TextOf(folder, $"the subfolder of {what}") : "";
        if (subfolder.Length > 0 && !HubNames.IsPath(subfolder))
            throw new FormatException($"the subfolder '{subfolder}' of {what} is no folder within a repository");
        var files = new HubListing(address);
        foreach (JsonProperty file in Object(members["files"], $"'files' of {what}"))
            files.Add(ReadFile(address, subfolder, file));
        return new LockedModel(role, new HubPins(commit, subfolder, files.ToList()));
    }

    private static HubFile ReadFile(HubAddress address, string subfolder, JsonProperty file)
    {
        string what = $"the file '{file.Name}' of '{address}'";
        if (!HubNames.IsPath(file.Name))
            throw new FormatException($"{what} has a name that no file within a repository has");
        if (subfolder.Length > 0 && !file.Name.StartsWith(subfolder + "/", StringComparison.Ordinal))
            throw new FormatException($"{what} does not lie in '{subfolder}'");
        Dictionary<string, JsonElement> members = Members(file.Value, what, "size", Sha256 + "?", GitSha1 + "?");
        if (members["size"].ValueKind != JsonValueKind.Number || !members["size"].TryGetInt64(out long size) || size < 0)
            throw new FormatException($"the size of {what} is {members["size"].GetRawText()}, which is none");
        string? sha256 = members.TryGetValue(Sha256, out JsonElement large) ? TextOf(large, $"the hash of {what}") : null;
        string? sha1 = members.TryGetValue(GitSha1, out JsonElement small) ? TextOf(small, $"the hash of {what}") : null;
        return (sha256, sha1) switch
        {
            (string hash, null) when HubNames.IsSha256(hash) => new HubFile(file.Name, size, hash),
            (null, string hash) when HubNames.IsCommit(hash) => new HubFile(file.Name, size, hash),
            _ => throw new FormatException($"{what} has no sound hash: one is expected, {Sha256} in 64 or {GitSha1} in 40 hexadecimal digits in small letters"),
        };
    }

    /// <summary>Those that have to be there, and those with '?' that may be; no others.</summary>
    private static Dictionary<string, JsonElement> Members(JsonElement value, string what, params string[] names)
    {
        var members = Object(value, what).ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        if (names.FirstOrDefault(name => !name.EndsWith('?') && !members.ContainsKey(name)) is string missing)
            throw new FormatException($"{what} lacks '{missing}'");
        if (members.Keys.FirstOrDefault(name => !names.Any(known => known.TrimEnd('?') == name)) is string unknown)
            throw new FormatException($"{what} has a member '{unknown}', which means nothing");
        return members;
    }

    private static JsonElement.ObjectEnumerator Object(JsonElement value, string what) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw new FormatException($"{what} is no JSON object");

    private static string TextOf(JsonElement value, string what) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException($"{what} is no text");

    private static string Text(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    private static string Comma(bool isNeeded) => isNeeded ? "," : "";
}
