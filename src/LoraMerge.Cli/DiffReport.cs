using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Comparing;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Cli;

/// <summary>What differs between two models as text for people, or as JSON for programs.</summary>
internal static class DiffReport
{
    /// <summary>The last line says whether they are equal.</summary>
    public static IReadOnlyList<string> ToLines(ModelDiff diff, string first, string second, bool showsAll)
    {
        List<string> lines = [];
        IEnumerable<TensorDiff> tensors = diff
            .Tensors.OrderByDescending(tensor => tensor.Kind != DiffKind.Values)
            .ThenByDescending(tensor => tensor.RelativeNorm ?? 0);
        lines.AddRange(ShortList.Of([.. tensors.Select(tensor => $"{tensor.Name}: {tensor.Describe(first, second)}")], showsAll));
        if (diff.Tensors.Any(tensor => tensor.LargestUlps > 0))
            lines.Add(ShortList.MeaningOfUlp);
        foreach (FileDiff file in diff.Files)
        {
            string how = file.Kind switch
            {
                DiffKind.OnlyInFirst => $"only in {first}",
                DiffKind.OnlyInSecond => $"only in {second}",
                _ => "differs",
            };
            lines.Add($"{file.RelativePath}: {how}");
        }
        lines.AddRange(diff.Metadata);
        lines.Add(
            diff.IsEmpty
                ? string.Create(CultureInfo.InvariantCulture, $"equal: all {diff.TensorCount} tensors, bit by bit, and {diff.FileCount} other files")
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"different: {diff.Tensors.Length} of {diff.TensorCount} tensors, {diff.Files.Length} of {diff.FileCount} other files"
                )
        );
        return [.. lines.Select(VisibleText.Of)];
    }

    public static string ToJson(ModelDiff diff)
    {
        var json = new JsonObject
        {
            ["equal"] = diff.IsEmpty,
            ["tensorCount"] = diff.TensorCount,
            ["tensors"] = new JsonArray([.. diff.Tensors.Select(ToJson)]),
            ["fileCount"] = diff.FileCount,
            ["files"] = new JsonArray([.. diff.Files.Select(file => (JsonNode)new JsonObject { ["path"] = file.RelativePath, ["kind"] = NameOf(file.Kind) })]),
        };
        if (!diff.Metadata.IsEmpty)
            json["metadata"] = new JsonArray([.. diff.Metadata.Select(line => (JsonNode)line)]);
        return JsonText.Of(json);
    }

    private static JsonNode ToJson(TensorDiff tensor)
    {
        var json = new JsonObject
        {
            ["name"] = tensor.Name,
            ["kind"] = NameOf(tensor.Kind),
            ["dtype"] = tensor.BlockType ?? tensor.DType.HeaderName(),
            ["elementCount"] = tensor.ElementCount,
        };
        if (tensor.Forms is not null)
            json["forms"] = tensor.Forms;
        if (tensor.Kind == DiffKind.Values)
        {
            json["differentElements"] = tensor.DifferentElements;
            json["relativeNorm"] = tensor.RelativeNorm;
            json["largestDifference"] = tensor.LargestDifference is double largest && double.IsFinite(largest) ? largest : null; // JSON has no infinity
            json["largestUlps"] = tensor.LargestUlps;
        }
        return json;
    }

    private static string NameOf(DiffKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());
}
