using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Comparing;
using LoraMerge.Diagnostics;

namespace LoraMerge.Cli;

/// <summary>A merged model held against its inputs, as lines for people, or as JSON for programs.</summary>
internal static class ComparisonReport
{
    /// <summary>The last line says whether they are equal.</summary>
    public static IReadOnlyList<string> ToLines(ModelComparison comparison, bool showsAll)
    {
        List<string> lines = [];
        string[] tensors =
        [
            .. comparison
                .Differences.OrderByDescending(difference => difference.Reason is not null)
                .ThenByDescending(difference => difference.LargestUlps)
                .Select(difference => difference.Describe()),
        ];
        lines.AddRange(ShortList.Of(tensors, showsAll));
        lines.AddRange(
            comparison.Files.Select(file => $"{file.RelativePath}: {(file.Kind == DiffKind.OnlyInFirst ? "missing" : "not what the merge writes")}"));
        if (comparison.Differences.Any(difference => difference.LargestUlps > 0))
            lines.Add(ShortList.MeaningOfUlp);
        lines.AddRange(comparison.Metadata);
        lines.AddRange(comparison.Manifest.Select(difference => $"lora-merge.json: {difference}"));
        lines.Add(
            comparison.IsEqual
                ? string.Create(CultureInfo.InvariantCulture, $"equal: all {comparison.TensorCount} tensors, bit by bit, and the files beside them")
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"different: {comparison.Differences.Length} of {comparison.TensorCount} tensors{OtherFiles(comparison)}"
                )
        );
        return [.. lines.Select(VisibleText.Of)];
    }

    public static string ToJson(ModelComparison comparison) => JsonText.Of(new JsonObject
    {
        ["equal"] = comparison.IsEqual,
        ["tensorCount"] = comparison.TensorCount,
        ["tensors"] = new JsonArray([.. comparison.Differences.Select(ToJson)]),
        ["files"] = new JsonArray([
            .. comparison.Files.Select(file => (JsonNode)new JsonObject { ["path"] = file.RelativePath, ["isMissing"] = file.Kind == DiffKind.OnlyInFirst }),
        ]),
        ["metadata"] = Texts(comparison.Metadata),
        ["manifest"] = Texts(comparison.Manifest),
    });

    private static JsonNode ToJson(TensorDifference difference)
    {
        var json = new JsonObject { ["name"] = difference.Name };
        if (difference.Reason is string reason)
            json["reason"] = reason;
        else
            (json["differentElements"], json["largestUlps"]) = (difference.DifferentElements, difference.LargestUlps);
        return json;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static string OtherFiles(ModelComparison comparison)
    {
        int count = comparison.Files.Length + (comparison.Manifest.IsEmpty ? 0 : 1);
        return count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {count} other {(count == 1 ? "file" : "files")}");
    }
}
