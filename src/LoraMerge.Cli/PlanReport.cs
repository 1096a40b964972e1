using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Cli;

/// <summary>A plan as text for people, or as JSON for programs.</summary>
internal sealed class PlanReport(PlannedMerge merge)
{
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"base     {VisibleText.Of(merge.BaseName)}: {merge.TensorCount} tensors, {merge.ByteLength} bytes in {Files(merge.Layout.Plan.Shards.Length)}"
        );
        if (merge.Layout.Summary is string summary)
            text.AppendLine(CultureInfo.InvariantCulture, $"format   {VisibleText.Of(summary)}");
        for (int i = 0; i < merge.AdapterNames.Length; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"adapter  {VisibleText.Of(merge.AdapterNames[i])}: names {merge.Plan.NameRules[i]}");
        text.AppendLine(CultureInfo.InvariantCulture, $"combine  {merge.Plan.Combination}");
        text.AppendLine(CultureInfo.InvariantCulture, $"memory   about {merge.MemoryBytes / 1_000_000} MB");
        foreach (PlannedTensorChange tensor in merge.Changes)
            text.AppendLine(VisibleText.Of($"{tensor.Name} [{string.Join(", ", tensor.Shape)}] {tensor.DType}: {string.Join("; ", tensor.Steps)}"));
        return text.ToString();
    }

    /// <param name="key">The key of the merged model.</param>
    public string ToJson(string key)
    {
        var tensors = new JsonObject();
        foreach (PlannedTensorChange tensor in merge.Changes)
            tensors[tensor.Name] = new JsonArray([.. tensor.Steps.Select(step => (JsonNode)step)]);
        var json = new JsonObject
        {
            ["key"] = key,
            ["base"] = merge.BaseName,
            ["adapters"] = new JsonArray([
                .. merge.AdapterNames.Select((name, i) => (JsonNode)new JsonObject { ["name"] = name, ["nameRule"] = merge.Plan.NameRules[i] }),
            ]),
            ["combine"] = merge.Plan.Combination.ToString(),
            ["tensorCount"] = merge.TensorCount,
            ["byteLength"] = merge.ByteLength,
            ["memoryBytes"] = merge.MemoryBytes,
            ["files"] = new JsonArray([.. merge.FileNames.Select(name => (JsonNode)name)]),
            ["tensors"] = tensors,
        };
        return JsonText.Of(json);
    }

    private static string Files(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "file" : "files")}");
}
