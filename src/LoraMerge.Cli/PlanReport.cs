using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
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
        foreach (PlannedDelta delta in tensor.Deltas)
        {
            yield return delta switch
            {
                PlannedDelta.LowRank lora => string.Create(CultureInfo.InvariantCulture, $"{lora.Method} of {merge.AdapterNames[lora.Adapter]}, rank {lora.A.Shape[0]}, scaling {lora.Scaling}"),
                PlannedDelta.Dora dora => string.Create(CultureInfo.InvariantCulture, $"{dora.Method} of {merge.AdapterNames[dora.Adapter]}, rank {dora.Product.A.Shape[0]}, scaling {dora.Product.Scaling}"),
                PlannedDelta.Experts experts => string.Create(CultureInfo.InvariantCulture, $"{experts.Method} of {merge.AdapterNames[experts.Adapter]}, rank {experts.A.Shape[0] / experts.Slice.Count}, scaling {experts.Scaling}, layout {ExpertLayouts.NameOf(experts.Slice.Layout)}"),
                PlannedDelta.Part part => string.Create(CultureInfo.InvariantCulture, $"{part.Method} of {merge.AdapterNames[part.Adapter]} ({part.Module}), rank {part.Product.A.Shape[0]}, scaling {part.Product.Scaling}"),
                PlannedDelta.BaseReduced reduced => string.Create(CultureInfo.InvariantCulture, $"{reduced.Method} of {merge.AdapterNames[reduced.Adapter]}, rank {reduced.Rank}"),
                PlannedDelta.Rows rows => string.Create(CultureInfo.InvariantCulture, $"{rows.Indices.Length} rows of {merge.AdapterNames[rows.Adapter]}"),
                PlannedDelta.Combined combined => $"{combined.Method} of {string.Join(" and ", combined.Sources.Select(Source))}",
                PlannedDelta.Scaled scaled => string.Create(CultureInfo.InvariantCulture, $"times {scaled.Factor}"),
                _ => $"{delta.Method} of {merge.AdapterNames[delta.Adapter]}",
            };
        }
        if (tensor.Deltas.IsEmpty && tensor.ReplacedBy is null)
            yield return $"from {tensor.Source.DType}";
    }

    private string Source(CombinedSource source) => string.Create(CultureInfo.InvariantCulture,
        $"{merge.AdapterNames[source.Factors.Adapter]} (rank {source.Factors.A.Shape[0]}, scaling {source.Factors.Scaling}, weight {source.AdapterWeight})");
}
