using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Changes;
using LoraMerge.Planning;

namespace LoraMerge.Cli;

/// <summary>A plan as text for people, or as JSON for programs.</summary>
internal sealed class PlanReport(PlannedMerge merge)
{
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"base     {merge.BaseName}: {merge.Plan.Tensors.Count()} tensors, {merge.Plan.ByteLength} bytes in {merge.Plan.Shards.Length} files");
        for (int i = 0; i < merge.AdapterNames.Length; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"adapter  {merge.AdapterNames[i]}: names {merge.Plan.NameRules[i]}");
        text.AppendLine(CultureInfo.InvariantCulture, $"combine  {merge.Plan.Combination}");
        text.AppendLine(CultureInfo.InvariantCulture, $"memory   about {merge.MemoryBytes / 1_000_000} MB");
        foreach (PlannedTensor.Computed tensor in merge.Plan.Tensors.OfType<PlannedTensor.Computed>())
            text.AppendLine(CultureInfo.InvariantCulture, $"{tensor.Name} {tensor.Source.ShapeText} {tensor.DType}: {string.Join("; ", Steps(tensor))}");
        return text.ToString();
    }

    /// <param name="key">The key of the merged model.</param>
    public string ToJson(string key)
    {
        var tensors = new JsonObject();
        foreach (PlannedTensor.Computed tensor in merge.Plan.Tensors.OfType<PlannedTensor.Computed>())
            tensors[tensor.Name] = new JsonArray([.. Steps(tensor).Select(step => (JsonNode)step)]);
        var json = new JsonObject
        {
            ["key"] = key,
            ["base"] = merge.BaseName,
            ["adapters"] = new JsonArray([.. merge.AdapterNames.Select((name, i) => (JsonNode)new JsonObject { ["name"] = name, ["nameRule"] = merge.Plan.NameRules[i] })]),
            ["combine"] = merge.Plan.Combination.ToString(),
            ["tensorCount"] = merge.Plan.Tensors.Count(),
            ["byteLength"] = merge.Plan.ByteLength,
            ["memoryBytes"] = merge.MemoryBytes,
            ["files"] = new JsonArray([.. merge.Plan.Shards.Select(shard => (JsonNode)shard.FileName), .. merge.Plan.SideFiles.Select(file => (JsonNode)file.RelativePath)]),
            ["tensors"] = tensors,
        };
        return JsonText.Of(json);
    }

    private IEnumerable<string> Steps(PlannedTensor.Computed tensor)
    {
        if (tensor.ReplacedBy is int adapter)
            yield return $"replaced by {merge.AdapterNames[adapter]}";
        foreach (WeightChange change in tensor.Changes)
            yield return change.Describe(number => merge.AdapterNames[number]);
        if (tensor.Changes.IsEmpty && tensor.ReplacedBy is null)
            yield return $"from {tensor.Source.DType}";
    }
}
