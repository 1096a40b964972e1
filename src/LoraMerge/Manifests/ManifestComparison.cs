using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Requests;

namespace LoraMerge.Manifests;

/// <summary>
/// Holds a manifest that is there to the one that a merge of the same request would write: every member of it, but what names the tool, the machine or what
/// is only to save work.
/// </summary>
internal static class ManifestComparison
{
    /// <summary>Norms and shares are sums of floating-point numbers, written with six digits: the last one may be another on another machine.</summary>
    private const double SumTolerance = 1e-5;

    /// <summary>Who made it, what is held to the files themselves, what only saves work, and what is compared tensor by tensor.</summary>
    private static readonly string[] s_leftOut = ["tool", "key", "files", "sha256", "fileRecipes", "madeRecipes", "kept", "tensors"];

    /// <param name="there">The manifest of the merged model.</param>
    /// <param name="expected">What the merge would write; its files do not count here.</param>
    /// <param name="request">What was asked: a name and versions that it does not say are not held against the model.</param>
    /// <returns>A line for each member that is another.</returns>
    public static IEnumerable<string> Differences(MergeManifest there, MergeManifest expected, MergeRequest request)
    {
        JsonObject found = ToJson(there), wanted = ToJson(expected);
        foreach (JsonObject manifest in (JsonObject[])[found, wanted])
            RemoveUnasked(manifest, request);
        // 'auto' is what the machine made of it; the bits tell whether that was the same.
        if (request.Device == "auto" || there.Options.GetValueOrDefault("device") == "auto")
            (found["options"]!["device"], wanted["options"]!["device"]) = (null, null);
        return [.. Differences("", found, wanted), .. TensorDifferences(there, expected)];
    }

    private static IEnumerable<string> TensorDifferences(MergeManifest there, MergeManifest expected)
    {
        string[] different =
        [
            .. there
                .Tensors.Keys.Union(expected.Tensors.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(name =>
                    Differences($"tensors['{name}']", ToJson(there.Tensors.GetValueOrDefault(name)), ToJson(expected.Tensors.GetValueOrDefault(name)))
                        .FirstOrDefault()
                )
                .OfType<string>(),
        ];
        if (different.Length > 0)
            yield return different[0];
        if (different.Length > 1)
            yield return string.Create(CultureInfo.InvariantCulture, $"tensors: {different.Length - 1} more are described otherwise");
    }

    private static IEnumerable<string> Differences(string path, JsonNode? there, JsonNode? expected) =>
        (there, expected) switch
        {
            (JsonObject one, JsonObject other) => one.Select(member => member.Key)
                .Union(other.Select(member => member.Key))
                .SelectMany(name => Differences(path.Length == 0 ? name : $"{path}.{name}", one[name], other[name])),
            (JsonArray one, JsonArray other) when one.Count == other.Count => one.Zip(other)
                .SelectMany((pair, i) => Differences($"{path}[{i}]", pair.First, pair.Second)),
            (JsonArray one, JsonArray other) => [string.Create(CultureInfo.InvariantCulture, $"{path}: {one.Count} are listed, {other.Count} expected")],
            _ when JsonNode.DeepEquals(there, expected) || AreNearSums(path, there, expected) => [],
            _ => [$"{path}: {Text(there)} is listed, {Text(expected)} expected"],
        };

    private static bool AreNearSums(string path, JsonNode? there, JsonNode? expected) =>
        (path.EndsWith(".norm", StringComparison.Ordinal) || path.EndsWith(".keptShare", StringComparison.Ordinal)) && there is not null && expected is not null
        && Math.Abs((double)there - (double)expected) <= SumTolerance * Math.Abs((double)expected);

    private static string Text(JsonNode? node) => node is null ? "nothing" : node.ToJsonString();

    private static void RemoveUnasked(JsonObject manifest, MergeRequest request)
    {
        foreach (string name in s_leftOut)
            manifest.Remove(name);
        if (request.Name is null)
            manifest.Remove("name");
        if (request.BaseVersion is null)
            manifest["base"]!.AsObject().Remove("version");
        if (request.Sha256 is null)
            manifest["base"]!.AsObject().Remove("sha256");
        foreach (JsonNode? input in manifest["adapters"]!.AsArray().Append(manifest["base"]))
            (input!["origin"] as JsonObject)?.Remove("listHash"); // the files' own hashes are compared
        foreach ((JsonNode? adapter, AdapterRequest asked) in manifest["adapters"]!.AsArray().Zip(request.Adapters))
        {
            if (asked.Version is null)
                adapter!.AsObject().Remove("version");
            if (asked.BaseVersionRange is null)
                adapter!.AsObject().Remove("baseVersionRange");
            if (asked.AdapterVersion is null)
                adapter!.AsObject().Remove("adapterVersion");
            if (asked.Sha256 is null)
                adapter!.AsObject().Remove("sha256");
        }
    }

    private static JsonObject ToJson(MergeManifest manifest) => JsonSerializer.SerializeToNode(manifest, ManifestJson.Default.MergeManifest)!.AsObject();

    private static JsonNode? ToJson(ManifestTensor? tensor) =>
        tensor is null ? null : JsonSerializer.SerializeToNode(tensor with { Recipe = null }, ManifestJson.Default.ManifestTensor);
}
